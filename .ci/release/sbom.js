import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Writes the CycloneDX bill of materials: what npm installs with balance on this Node, and what is inside
 * its bundle, which to npm are development packages. What only builds and tests is left out.
 * @returns how many packages it lists
 */
export function sbom(root, file) {
  const folder = mkdtempSync(join(tmpdir(), 'balance-sbom-'))
  try {
    const { name, version, license, dependencies } = readJson(join(root, 'package.json'))
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ name, version, license, dependencies }),
    )
    npm(folder, 'install', '--package-lock-only', '--ignore-scripts')
    const bill = npmSbom(folder)
    const inside = bundled(root)
    const { component } = bill.metadata
    component.name = name
    bill.components.push(...inside)
    const own = bill.dependencies.find(({ ref }) => ref === component['bom-ref'])
    own.dependsOn.push(...inside.map(part => part['bom-ref']))
    bill.dependencies.push(...inside.map(part => ({ ref: part['bom-ref'], dependsOn: [] })))
    writeFileSync(file, `${JSON.stringify(bill, null, 2)}\n`)
    return bill.components.length
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Those whose licences the build has put beside the bundle: each text begins with `name version`. */
function bundled(root) {
  const texts = readFileSync(join(root, 'dist/THIRD_PARTY_LICENSES.txt'), 'utf8').split(
    /^-{80}\n\n/m,
  )
  const ids = new Set(texts.map(text => text.split(/\s/, 2).join('@')))
  return npmSbom(root)
    .components.filter(({ name, version }) => ids.has(`${name}@${version}`))
    .map(({ properties: _, ...part }) => ({ ...part, scope: 'required' }))
}

function npmSbom(folder) {
  return JSON.parse(
    npm(
      folder,
      'sbom',
      '--sbom-format=cyclonedx',
      '--sbom-type=application',
      '--package-lock-only',
    ),
  )
}

function npm(cwd, ...args) {
  return execFileSync('npm', args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1e8,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}
