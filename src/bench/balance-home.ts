import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../base/clock.ts'
import { BalanceError } from '../base/errors.ts'
import { BUILT, Child, cleanEnvironment, pinned } from './child.ts'
import { CHAT, type Contender, type Upstreams } from './contender.ts'
import { Gauge, gaugeOptions } from './gauge.ts'
import type { Door } from './request.ts'
import { ALIAS, MODEL } from './traffic.ts'
import { INVALID, LIMITED } from './upstream.ts'

export const BINARY = fileURLToPath(new URL('../bin/balance.js', BUILT))

const TOKEN = 'bench-token-0123456789abcdef'

/** A daemon that serves. */
export interface Serving extends Contender {
  /** A provider some of whose keys fail; see {@link FAILING}. */
  readonly failing: Door
  /** From its start to the line that says where it listens, ms. */
  readonly readyAfter: number
  readonly pid: number
}

/** A folder with a store and a configuration, as operators have one, and the daemon that serves it. */
export class BalanceHome {
  readonly #folder = mkdtempSync(join(tmpdir(), 'balance-bench-'))
  readonly #pin: boolean
  readonly #upstreams: Upstreams
  readonly #daemons: Child<never>[] = []

  constructor(upstreams: Upstreams, pin: boolean) {
    this.#upstreams = upstreams
    this.#pin = pin
  }

  /** @param keys of the provider that the JSON scenarios ask */
  async prepare(keys: number): Promise<void> {
    this.configure('90s')
    await this.command(['config', 'apply', '--yes'])
    await this.command(['keys', 'import', '-'], keyLines(keys))
  }

  /** Writes the configuration file; another `idleTimeout` makes a reload find something new. */
  configure(idleTimeout: string): void {
    const { json, paced } = this.#upstreams
    const at = (port: number) => ({ base_url: `http://127.0.0.1:${port}/v1` })
    const hash = `sha256:${createHash('sha256').update(TOKEN).digest('hex')}`
    const config = {
      idle_timeout: idleTimeout,
      default_provider: 'bench',
      providers: { bench: at(json), paced: at(paced), failing: at(paced) },
      routes: { [ALIAS]: [`bench:${MODEL}`] },
      tokens: { bench: { hash } },
    }
    writeFileSync(this.#config, JSON.stringify(config), { mode: 0o600 })
  }

  /** How many configurations its daemons have taken into force, by their log. */
  get revisions(): number {
    return readFileSync(this.#log, 'utf8').split('"in force"').length - 1
  }

  get #log(): string {
    return join(this.#folder, 'daemon.log')
  }

  get #config(): string {
    return join(this.#folder, 'balance.config.yaml')
  }

  /** The whole command line of a command on this store. */
  line(args: readonly string[]): string[] {
    return [BINARY, ...args, '--data-dir', this.#folder, '--config', this.#config]
  }

  /**
   * Runs one command to its end; gives what it printed.
   * @throws BalanceError failed: with what the command said
   */
  command(args: readonly string[], input = ''): Promise<string> {
    const options = { env: cleanEnvironment(this.#folder), cwd: this.#folder }
    return new Promise((resolve, reject) => {
      const child = execFile(
        process.execPath,
        this.line(args),
        options,
        (error, stdout, stderr) => {
          if (error === null) return resolve(stdout)
          const said = `balance ${args.join(' ')} failed: ${stderr.trim()}`
          reject(new BalanceError('failed', said, { hint: 'It ran in a folder of its own.' }))
        },
      )
      // One that ends without reading it has said why.
      child.stdin?.on('error', () => {})
      child.stdin?.end(input)
    })
  }

  /**
   * Starts the daemon as operators do: log lines, request log, usage and all.
   * @param gauged whether a gauge is loaded before it: not where its start is timed
   */
  async serve({ name = 'balance', gauged = true } = {}): Promise<Serving> {
    const args = this.line(['serve', '--port', '0', '--log-level', 'info', '--json'])
    const [file = '', ...rest] = pinned(
      [process.execPath, ...(gauged ? gaugeOptions() : []), ...args],
      'contender',
      this.#pin,
    )
    const start = systemClock.now()
    const log = openSync(this.#log, 'a')
    const daemon = spawn(file, rest, {
      stdio: ['ignore', 'pipe', log, ...(gauged ? ['ipc' as const] : [])],
      env: cleanEnvironment(this.#folder),
      cwd: this.#folder,
    })
    closeSync(log)
    const child = new Child<never>(daemon)
    this.#daemons.push(child)
    const { url } = (await firstDocument(daemon)) as { url: string }
    const readyAfter = systemClock.now() - start
    const door = (path: string): Door => ({
      port: Number(new URL(url).port),
      path,
      headers: { authorization: `Bearer ${TOKEN}` },
    })
    return {
      name,
      pids: [child.pid],
      pid: child.pid,
      json: door(CHAT),
      paced: door(`/paced${CHAT}`),
      failing: door(`/failing${CHAT}`),
      peer: false,
      gauge: gauged ? new Gauge(daemon) : null,
      readyAfter,
      end: () => child.end(),
    }
  }

  /** Ends its daemons and leaves nothing behind. */
  async end(): Promise<void> {
    await Promise.all(this.#daemons.map(daemon => daemon.end()))
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/**
 * Keys of the failing provider. Two are limited now and then, so that a request, which gives up
 * after three such answers (`max_retries`), finds one that is not; one is not accepted.
 */
export const FAILING = { good: 7, limited: 2, invalid: 1 } as const

const FEW = 5

function keyLines(keys: number): string {
  const lines = (provider: string, kind: string, count: number) =>
    Array.from({ length: count }, (_, i) => `${provider},sk-${kind}-0123456789abcdef${i}`)
  return [
    'provider,key',
    ...lines('bench', 'bench', keys),
    ...lines('paced', 'paced', FEW),
    ...lines('failing', 'good', FAILING.good),
    ...lines('failing', LIMITED, FAILING.limited),
    ...lines('failing', INVALID, FAILING.invalid),
    '',
  ].join('\n')
}

/** The first JSON document printed, on however many lines. */
async function firstDocument({ stdout }: ChildProcess): Promise<unknown> {
  let text = ''
  if (stdout === null) throw new BalanceError('failed', 'balance serve was started without a pipe.')
  for await (const line of createInterface({ input: stdout })) {
    text += line
    try {
      return JSON.parse(text)
    } catch {
      // It goes on in the next line.
    }
  }
  throw new BalanceError('failed', `balance serve ended before it listened: ${text}`)
}
