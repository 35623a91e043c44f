import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'

const root = new URL('../..', import.meta.url)
const run = promisify(execFile)

/** What npm installs: no src/, no development packages. */
const installed = mkdtempSync(join(tmpdir(), 'bal-installed-'))
cpSync(new URL('esbuild.config.js', root), join(installed, 'esbuild.config.js'))
cpSync(new URL('package.json', root), join(installed, 'package.json'))
afterAll(() => rmSync(installed, { recursive: true }))

describe('the build', () => {
  it('has nothing to do in an installed package, and says nothing', async () => {
    const built = await run(process.execPath, ['esbuild.config.js', '--if-source'], {
      cwd: installed,
    })
    expect(built).toEqual({ stdout: '', stderr: '' })
  })

  it('fails there when it is asked for', async () => {
    const built = run(process.execPath, ['esbuild.config.js'], { cwd: installed })
    await expect(built).rejects.toMatchObject({ code: 1 })
  })

  it('puts the licences of all bundled packages beside the bundle, and of no others', () => {
    const text = readFileSync(new URL('dist/THIRD_PARTY_LICENSES.txt', root), 'utf8')
    for (const name of [
      'commander',
      'kysely',
      'pino',
      'undici',
      'zod',
      'yaml',
      'chalk',
      'csv-parse',
      'dotenv',
      'preact',
      'uplot',
    ]) {
      expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+`, 'm'))
    }
    expect(text).not.toMatch(/^(better-sqlite3|mysql2|typescript|vite|vitest|playwright-core) \d/m)
    // What cosmiconfig would read or execute files with.
    expect(text).not.toMatch(/^(js-yaml|parse-json|import-fresh) \d/m)
  })
})
