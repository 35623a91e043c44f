import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Secret } from '../../src/base/secret.ts'
import type { Store } from '../../src/model/store.ts'
import { openStore } from '../../src/store/open.ts'
import { type Answer, type Ask, ask } from './gateway.ts'
import type { ListeningSocket } from './listening-socket.ts'
import { CHAT, type OpenStream, openStream, STREAMED } from './open-stream.ts'
import { storeOptions } from './store.ts'

export const BINARY = fileURLToPath(new URL('../../bin/balance.js', import.meta.url))

if (!existsSync(new URL('../../dist/cli.js', import.meta.url))) {
  throw new Error('These tests run the built binary: npm run build')
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** The same tests run with one process and with workers. */
const WORKERS = process.env.BALANCE_TEST_WORKERS
  ? ['--workers', process.env.BALANCE_TEST_WORKERS]
  : []

/** A world of its own for the real binary: a working folder, a home, a data folder, an environment. */
export class World {
  readonly root = mkdtempSync(join(tmpdir(), 'bal-world-'))
  readonly home = join(this.root, 'home')
  readonly cwd = join(this.root, 'work')
  readonly dataDir: string
  readonly env: Record<string, string> = { PATH: process.env.PATH ?? '', HOME: this.home }
  /** Options of Node itself, for all that is started from now on. */
  nodeOptions: readonly string[] = []
  /** Sockets that daemons are given from now on, as systemd gives them. */
  sockets: readonly ListeningSocket[] = []
  readonly #running = new Set<Program>()

  constructor(dataDir = 'data') {
    for (const folder of [this.home, this.cwd]) mkdirSync(folder)
    this.dataDir = join(this.root, dataDir)
  }

  /** The process ids of what runs here now. */
  get pids(): number[] {
    return [...this.#running].map(program => program.pid)
  }

  /** Runs a command of the binary to its end. */
  balance(args: readonly string[], stdin = ''): Promise<Ended> {
    const program = this.start(args)
    program.process.stdin?.on('error', () => {})
    program.process.stdin?.end(stdin)
    return program.ended
  }

  /** The same with `--json`: what it printed. Fails unless it exits 0. */
  async json<T>(args: readonly string[], stdin = ''): Promise<T> {
    const { code, stdout, stderr } = await this.balance([...args, '--json'], stdin)
    if (code !== 0) throw new Error(`balance ${args.join(' ')} exited ${code}: ${stderr}`)
    return JSON.parse(stdout) as T
  }

  /** Starts the binary and leaves it running. */
  start(args: readonly string[]): Program {
    const sockets = args[0] === 'serve' ? this.sockets : []
    const program = new Program(
      [
        ...givenTo(sockets),
        ...[process.execPath, ...this.nodeOptions, BINARY],
        ...[...args, '--data-dir', this.dataDir],
      ],
      this.cwd,
      this.env,
      sockets,
    )
    this.#running.add(program)
    void program.ended.then(() => this.#running.delete(program))
    return program
  }

  /** Starts a daemon on a free port; resolves when it says that it is ready. */
  async serve(...args: readonly string[]): Promise<Daemon> {
    const began = performance.now()
    const program = this.start(['serve', '--json', '--port', '0', ...WORKERS, ...args])
    const { url } = await program.document<{ url: string }>()
    return new Daemon(this, program, url, performance.now() - began)
  }

  /** Gives the store a provider `mock` at this URL with these keys, and a client token. */
  async furnish(baseUrl: string, ...keys: readonly string[]): Promise<string> {
    const store = await this.openStore()
    try {
      const provider = { name: 'mock', kind: 'openai', baseUrl, path: null, overrides: {} } as const
      await store.addProvider(provider, { makeDefault: true })
      await store.addKeys(
        'mock',
        keys.map(value => ({ value: new Secret(value) })),
      )
      return (await store.createToken({ name: 'test' })).secret.reveal()
    } finally {
      await store.close()
    }
  }

  /** The store itself, in this process, as the binary opens it. */
  openStore(): Promise<Store> {
    // As the binary has it: a host may have a master key of its own.
    return openStore({ ...storeOptions(this.dataDir), etcMasterKey: '/etc/balance/master-key' })
  }

  /** Ends all that still runs here and removes every file. */
  async remove(): Promise<void> {
    const left = [...this.#running]
    for (const program of left) program.process.kill('SIGKILL')
    await Promise.all(left.map(program => program.ended))
    rmSync(this.root, { recursive: true, force: true })
  }
}

/** A running binary, with what it has said so far. */
export class Program {
  readonly process: ChildProcess
  readonly pid: number
  readonly ended: Promise<Ended>
  /** How much of stdout was given out as lines. */
  #read = 0
  #over = false
  stdout = ''
  stderr = ''

  constructor(
    [command, ...args]: readonly string[],
    cwd: string,
    env: Readonly<Record<string, string>>,
    sockets: readonly ListeningSocket[] = [],
  ) {
    this.process = spawn(command as string, args, {
      cwd,
      env,
      stdio: ['pipe', 'pipe', 'pipe', ...sockets.map(({ handle }) => handle)],
    })
    const { stdout, stderr } = this.process
    if (!stdout || !stderr) throw new Error('It has no pipes.')
    this.pid = this.process.pid ?? 0
    stdout.on('data', chunk => {
      this.stdout += chunk
    })
    stderr.on('data', chunk => {
      this.stderr += chunk
    })
    this.ended = new Promise((resolve, reject) => {
      this.process.on('error', reject)
      this.process.on('close', (code, signal) => {
        this.#over = true
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr })
      })
    })
  }

  /** The next line on stdout. Not readline's: it stops a program whose lines nobody asks for. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.stdout.indexOf('\n', this.#read)
      if (end !== -1) {
        const line = this.stdout.slice(this.#read, end)
        this.#read = end + 1
        return line
      }
      if (this.#over) throw new Error(`It has ended: ${this.stderr}`)
      await Promise.race([once(this.process.stdout as Readable, 'data'), this.ended])
    }
  }

  /** The next JSON document on stdout, of one line or indented. */
  async document<T>(): Promise<T> {
    let text = ''
    for (;;) {
      const line = await this.line()
      text += line
      if (/^[\]}]|^[[{].*[\]}]$/.test(line)) return JSON.parse(text) as T
    }
  }

  /** Resolves once this was said on stderr. */
  async said(words: string | RegExp): Promise<void> {
    const spoken = () => this.stderr.search(words) !== -1
    await Promise.race([
      eventually(spoken, `"${words}" on stderr`),
      this.ended.then(() => {
        if (!spoken()) throw new Error(`It ended without saying "${words}": ${this.stderr}`)
      }),
    ])
  }
}

/** What is put before a command so that it takes the sockets for its own: sd_listen_fds(3). */
function givenTo({ length }: readonly ListeningSocket[]): string[] {
  return length === 0 ? [] : ['/bin/sh', '-c', `LISTEN_PID=$$ LISTEN_FDS=${length} exec "$0" "$@"`]
}

/** A running daemon that has said where it listens. */
export class Daemon {
  readonly world: World
  readonly program: Program
  readonly url: string
  readonly port: number
  /** From its start to its ready line, milliseconds. */
  readonly readyAfter: number

  constructor(world: World, program: Program, url: string, readyAfter: number) {
    this.world = world
    this.program = program
    this.url = url
    this.port = Number(new URL(url).port)
    this.readyAfter = readyAfter
  }

  get pid(): number {
    return this.program.pid
  }

  get stderr(): string {
    return this.program.stderr
  }

  get ended(): Promise<Ended> {
    return this.program.ended
  }

  /** One request, by default a chat. */
  ask(token: string | null, change: Partial<Ask> = {}): Promise<Answer> {
    return ask(this.port, { ...CHAT, ...change, token })
  }

  /** Opens a stream; resolves when its first bytes have come. */
  stream(
    token: string,
    headers: Record<string, string> = {},
    body = STREAMED.body,
  ): Promise<OpenStream> {
    return openStream(this.port, token, headers, body)
  }

  signal(signal: NodeJS.Signals): void {
    this.program.process.kill(signal)
  }

  /** Ends it as an operator would. */
  async stop(): Promise<Ended> {
    this.signal('SIGTERM')
    return this.ended
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.ended
  }
}

/** Asks again and again until it holds, and fails when it does not within the time. */
export async function eventually<T>(
  holds: () => T | Promise<T>,
  what: string,
  within = 5_000,
  every = 10,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + within
  for (;;) {
    const found = await holds()
    if (found) return found
    if (performance.now() > deadline) throw new Error(`Not within ${within} ms: ${what}`)
    await new Promise(resolve => setTimeout(resolve, every))
  }
}
