import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { vi } from 'vitest'
import { main } from '../../src/cli/main.ts'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A folder with a store of its own, and commands run on it that nothing of this host reaches. */
export class CommandLine {
  readonly folder = mkdtempSync(join(tmpdir(), 'bal-cli-'))

  get storeUrl(): string {
    return `sqlite:${join(this.folder, 'balance.db')}`
  }

  /** Runs the binary to its end. */
  async run(args: readonly string[], stdin = ''): Promise<Ended> {
    const { process, ended } = this.start(args)
    process.stdin?.on('error', () => {})
    process.stdin?.end(stdin)
    return ended
  }

  /** Runs the binary with `--json` and gives what it printed; fails unless it exits 0. */
  async json<T>(args: readonly string[], stdin = ''): Promise<T> {
    const { code, stdout, stderr } = await this.run([...args, '--json'], stdin)
    if (code !== 0) throw new Error(`balance ${args.join(' ')} exited ${code}: ${stderr}`)
    return JSON.parse(stdout) as T
  }

  /** Starts the binary. */
  start(args: readonly string[]): Started {
    return new Started([BINARY, ...args, '--data-dir', this.folder], this.folder)
  }

  /** Runs a command inside the test's own process: for the many that only say no. */
  async inProcess(args: readonly string[]): Promise<Ended> {
    const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    vi.stubEnv('XDG_CONFIG_HOME', this.folder)
    vi.stubEnv('XDG_RUNTIME_DIR', this.folder)
    try {
      const code = await main([...args, '--data-dir', this.folder])
      return { code, stdout: written(stdout), stderr: written(stderr) }
    } finally {
      process.stdout.removeAllListeners('error')
      stdout.mockRestore()
      stderr.mockRestore()
      vi.unstubAllEnvs()
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A running binary. */
export class Started {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
  readonly #lines: AsyncIterator<string>
  #stdout = ''
  #stderr = ''

  constructor(command: readonly string[], folder: string) {
    const { PATH = '' } = process.env
    this.process = spawn(process.execPath, command, {
      cwd: folder,
      env: { PATH, HOME: folder, XDG_RUNTIME_DIR: folder },
    })
    const { stdout, stderr } = this.process
    if (!stdout || !stderr) throw new Error('It has no pipes.')
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
    stdout.on('data', chunk => {
      this.#stdout += chunk
    })
    stderr.on('data', chunk => {
      this.#stderr += chunk
    })
    this.ended = new Promise((resolve, reject) => {
      this.process.on('error', reject)
      this.process.on('close', code => {
        resolve({ code, stdout: this.#stdout, stderr: this.#stderr })
      })
    })
  }

  /** The next line on stdout. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next()
    if (done) throw new Error(`It has ended: ${this.#stderr}`)
    return value
  }

  /** Resolves once this was said on stderr. */
  async said(words: string): Promise<void> {
    while (!this.#stderr.includes(words)) {
      await new Promise(resolve => this.process.stderr?.once('data', resolve))
    }
  }
}

const BINARY = fileURLToPath(new URL('../../bin/balance.js', import.meta.url))

if (!existsSync(new URL('../../dist/cli.js', import.meta.url))) {
  throw new Error('These tests run the built binary: npm run build')
}

function written(spy: { readonly mock: { readonly calls: readonly unknown[][] } }): string {
  return spy.mock.calls.map(([text]) => String(text)).join('')
}
