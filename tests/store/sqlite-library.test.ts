import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))

/** The built program in a folder of its own, with another better-sqlite3 beside it. */
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bal-library-'))
  cpSync(join(root, 'bin'), join(folder, 'bin'), { recursive: true })
  const filter = (path: string) => !path.endsWith('.map')
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true, filter })
  for (const name of ['VERSION', 'package.json']) cpSync(join(root, name), join(folder, name))
})
afterEach(() => rmSync(join(folder, 'node_modules'), { recursive: true, force: true }))
afterAll(() => rmSync(folder, { recursive: true }))

/** @param code of the module whose Database is made by the first `new` */
function plant(version: string, code: string): void {
  const library = join(folder, 'node_modules/better-sqlite3')
  mkdirSync(library, { recursive: true })
  const shape = { name: 'better-sqlite3', version, main: 'index.js' }
  writeFileSync(join(library, 'package.json'), JSON.stringify(shape))
  writeFileSync(
    join(library, 'index.js'),
    `module.exports = class Database { constructor() { ${code} } }`,
  )
}

/** What a command that opens a store ends with, on a Node of this version. */
async function ended(node: string, ...args: readonly string[]) {
  const other = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'${node}'})`
  const command = ['--import', other, join(folder, 'bin/balance.js'), ...args]
  const env = { PATH: process.env.PATH ?? '', HOME: folder }
  const ended = await run(process.execPath, [...command, '--data-dir', join(folder, 'data')], {
    env,
  }).catch((error: { code: number; stdout: string; stderr: string }) => error)
  return { code: 0, ...ended }
}

const OTHER_NODE = `throw Object.assign(new Error('compiled against\\nNODE_MODULE_VERSION 108'), { code: 'ERR_DLOPEN_FAILED' })`
const NO_BINARY = `throw new Error('Could not locate the bindings file. Tried: …')`
const DAMAGED = `throw Object.assign(new Error('file too short'), { code: 'ERR_DLOPEN_FAILED' })`

describe('a better-sqlite3 that cannot be loaded is told in one line, with the way out', () => {
  it.each([
    [
      '13 on Node 20, where it would crash',
      '13.2.0',
      'process.abort()',
      '20.20.2',
      'better-sqlite3 13.2.0 needs Node 22 or newer; this is Node 20.20.2.',
      'Install the one for it: cd FOLDER && npm install --no-save better-sqlite3@12',
    ],
    [
      '12 of another Node, on 20',
      '12.11.1',
      OTHER_NODE,
      '20.20.2',
      'better-sqlite3 12.11.1 cannot be loaded: it was built for another Node; this is Node 20.20.2.',
      'Build it for this one: cd FOLDER && npm rebuild better-sqlite3',
    ],
    [
      '12 of another Node, after an upgrade to 24, where npm 12 rebuilds nothing',
      '12.11.1',
      OTHER_NODE,
      '24.21.0',
      'better-sqlite3 12.11.1 cannot be loaded: it was built for another Node; this is Node 24.21.0.',
      'Install the one for it: cd FOLDER && npm install --no-save better-sqlite3@13',
    ],
    [
      '12 whose install script did not run',
      '12.11.1',
      NO_BINARY,
      '20.20.2',
      'better-sqlite3 12.11.1 cannot be loaded: it has no binary; this is Node 20.20.2.',
      'Build it for this one: cd FOLDER && npm rebuild better-sqlite3',
    ],
    [
      'a damaged one',
      '13.2.0',
      DAMAGED,
      '22.12.0',
      'better-sqlite3 13.2.0 cannot be loaded: it failed (ERR_DLOPEN_FAILED); this is Node 22.12.0.',
      'Install the one for it: cd FOLDER && npm install --no-save better-sqlite3@13',
    ],
  ])('%s', async (_what, version, code, node, message, hint) => {
    plant(version, code)
    const said = `error: ${message}\n${hint.replace('FOLDER', folder)}\n`
    expect(await ended(node, 'providers', 'list')).toMatchObject({ code: 1, stderr: said })
  })

  it("in the thread of a daemon's store too", async () => {
    plant('12.11.1', NO_BINARY)
    const { code, stderr } = await ended(process.versions.node, 'serve', '--port', '0')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error: better-sqlite3 12.11.1 cannot be loaded: .*\n\w+ .*\n$/)
  })

  it('none at all', async () => {
    expect(await ended(process.versions.node, 'providers', 'list')).toMatchObject({
      code: 1,
      stderr:
        'error: better-sqlite3 is not installed.\nInstall balance again with npm, which brings it.\n',
    })
  })

  it('and the real one is loaded', async () => {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    const { code, stderr } = await ended(process.versions.node, 'providers', 'list')
    expect({ code, stderr }).toMatchObject({ code: 0 })
  })
})
