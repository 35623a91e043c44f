import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const script = fileURLToPath(new URL('../../.ci/release/main.js', import.meta.url))

interface Bill {
  readonly bomFormat: string
  readonly metadata: { readonly component: { readonly name: string; readonly 'bom-ref': string } }
  readonly components: readonly Component[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
}

interface Component {
  readonly 'bom-ref': string
  readonly name: string
  readonly properties?: readonly unknown[]
}

it('the bill of materials lists what is installed and what is in the bundle, and no more', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bal-sbom-'))
  try {
    const file = join(folder, 'sbom.cdx.json')
    execFileSync(process.execPath, [script, 'sbom', file])
    const bill = JSON.parse(readFileSync(file, 'utf8')) as Bill
    expect(bill.bomFormat).toBe('CycloneDX')
    expect(bill.metadata.component.name).toBe('balance')
    const names = new Set(bill.components.map(({ name }) => name))
    for (const name of ['better-sqlite3', 'mysql2', 'undici', 'zod', 'commander', 'kysely']) {
      expect(names, name).toContain(name)
    }
    for (const name of ['vitest', 'typescript', 'esbuild', 'openai']) {
      expect(names, name).not.toContain(name)
    }
    const refs = new Set(bill.components.map(component => component['bom-ref']))
    const own = bill.metadata.component['bom-ref']
    const named = bill.dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn])
    expect(named.filter(ref => ref !== own && !refs.has(ref))).toEqual([])
    expect(JSON.stringify(bill.components)).not.toContain('package:development')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
