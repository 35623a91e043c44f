import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publint } from 'publint'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packed } from './packed.ts'

const folder = mkdtempSync(join(tmpdir(), 'bal-tarball-'))
const top = join(folder, 'package')
let tarball: string

beforeAll(() => {
  tarball = packed(folder, '@someone/balance')
  execFileSync('tar', ['-xzf', tarball, '-C', folder])
})
afterAll(() => rmSync(folder, { recursive: true }))

const read = (name: string) => readFileSync(join(top, name), 'utf8')
const files = () => readdirSync(top, { recursive: true, encoding: 'utf8' }).sort()

describe('the tarball', () => {
  it('has no fault that publint knows', async () => {
    const { messages } = await publint({ pkgDir: top, pack: false, strict: true })
    expect(messages).toEqual([])
  })

  it('can be published, under the name that was given, and brings no scripts', () => {
    const shape = JSON.parse(read('package.json'))
    expect(Object.keys(shape).sort()).toEqual([
      'bin',
      'dependencies',
      'description',
      'engines',
      'files',
      'keywords',
      'license',
      'name',
      'type',
      'version',
    ])
    expect(shape.name).toBe('@someone/balance')
    expect(shape.bin).toEqual({ balance: 'bin/balance.js' })
    const checkout = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    )
    expect(checkout.private).toBe(true)
    expect(shape.dependencies).toEqual(checkout.dependencies)
  })

  it('holds the program and its papers, and nothing that only we need', () => {
    const others = files().filter(
      name => !/^dist\/[\w-]+\.js$/.test(name) && !name.startsWith('dist/dashboard/'),
    )
    expect(others).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'README.zh-CN.md',
      'VERSION',
      'balance.config.example.yaml',
      'balance.config.schema.json',
      'bin',
      'bin/balance.js',
      'dist',
      'dist/THIRD_PARTY_LICENSES.txt',
      'dist/dashboard',
      'docs',
      ...files().filter(name => /^docs\/[\w-]+\.md$/.test(name)),
      'package.json',
    ])
    expect(statSync(tarball).size).toBeLessThan(1_500_000)
  })

  it('holds the dashboard, each file also as brotli and gzip', () => {
    const dashboard = files().filter(name => /^dist\/dashboard\/.*\./.test(name))
    const plain = dashboard.filter(name => !/\.(br|gz)$/.test(name))
    expect(plain.map(name => name.replace(/-[\w-]{8}\./, '-HASH.')).sort()).toEqual([
      'dist/dashboard/assets/index-HASH.css',
      'dist/dashboard/assets/index-HASH.js',
      'dist/dashboard/index.html',
    ])
    expect(dashboard).toEqual(plain.flatMap(name => [name, `${name}.br`, `${name}.gz`]).sort())
  })

  it('holds no code that nothing of it imports', () => {
    const chunks = files().filter(name => /^dist\/[\w-]+\.js$/.test(name))
    const entries = ['cli', 'store-thread', 'worker', 'bench', 'bench-gauge']
    const waiting = entries.map(name => `dist/${name}.js`)
    const reached = new Set<string>()
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      if (reached.has(name)) continue
      reached.add(name)
      for (const [, other] of read(name).matchAll(/(?:from|import\(?)\s*"\.\/([\w-]+\.js)"/g)) {
        waiting.push(`dist/${other}`)
      }
    }
    expect(chunks.filter(name => !reached.has(name))).toEqual([])
    for (const name of reached) expect(chunks).toContain(name)
  })
})
