import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Whether processes can be traced here; required where BALANCE_REQUIRE_STRACE is set. */
export const hasStrace = spawnSync('strace', ['-c', '/bin/true']).status === 0

if (!hasStrace) {
  const what = 'strace is not installed, or may not trace'
  if (process.env.BALANCE_REQUIRE_STRACE) throw new Error(`${what}, but required.`)
  console.log(`SKIPPED: tests that count system calls, because ${what}.`)
}

/** How often each was called, by name. */
export type CallCounts = Readonly<Record<string, number>>

/** The system calls that a running process makes, all its threads included. */
export class SystemCalls {
  readonly #folder = mkdtempSync(join(tmpdir(), 'bal-calls-'))
  readonly #strace: ChildProcess

  constructor(pid: number) {
    const options = ['-f', '-c', '-U', 'calls,name', '-o', this.#summary, '-p', String(pid)]
    this.#strace = spawn('strace', options, { stdio: ['ignore', 'ignore', 'pipe'] })
  }

  /** Resolves when all threads are watched. */
  attached(): Promise<void> {
    let said = ''
    return new Promise((resolve, reject) => {
      this.#strace.stderr?.on('data', chunk => {
        said += chunk
        if (/Process \d+ attached/.test(said)) resolve()
      })
      this.#strace.once('exit', () => reject(new Error(`strace ended: ${said}`)))
    })
  }

  /** What was called until now. */
  async stop(): Promise<CallCounts> {
    const ended = once(this.#strace, 'exit')
    this.#strace.kill('SIGINT')
    await ended
    const text = readFileSync(this.#summary, 'utf8')
    rmSync(this.#folder, { recursive: true })
    const rows = Array.from(text.matchAll(/^\s*(\d+)\s+(\w+)$/gm), ([, count, name]) => {
      return [name, Number(count)] as const
    })
    return Object.fromEntries(rows.filter(([name]) => name !== 'total'))
  }

  get #summary(): string {
    return join(this.#folder, 'summary')
  }
}
