import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { type Connection, createConnection } from 'mysql2/promise'
import { freePort } from './free-port.ts'

const run = promisify(execFile)

/** Debian puts the server where only root's PATH looks. */
const PLACES = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
const mariadbd = find('mariadbd')
const install = find('mariadb-install-db')

/** A server that runs already, MySQL or MariaDB, as its administrator: mysql://root:password@host:port. */
const given = process.env.BALANCE_TEST_DATABASE ? new URL(process.env.BALANCE_TEST_DATABASE) : null

/** Whether a real MariaDB can be started here; required where BALANCE_REQUIRE_MARIADB is set. */
export const hasMariadb = given !== null || (mariadbd !== null && install !== null)

if (!hasMariadb) {
  const what = 'mariadbd and mariadb-install-db are not installed'
  if (process.env.BALANCE_REQUIRE_MARIADB) throw new Error(`${what}, but required.`)
  console.log(`SKIPPED: the store's tests on MariaDB, because ${what}.`)
}

/**
 * A MariaDB of our own: temporary folder, free port, a user `balance` with a password. Or the given server,
 * which is neither stopped nor frozen, for the tests that only use its databases.
 */
export class Mariadb {
  readonly password = 'geheim/mit:Zeichen@'
  readonly port: number
  readonly socket: string
  readonly #folder: string
  #server: ChildProcess | null = null
  #databases = 0

  private constructor(folder: string, port: number) {
    this.#folder = folder
    this.port = port
    this.socket = join(folder, 's')
  }

  static async start(): Promise<Mariadb> {
    const folder = mkdtempSync(join(tmpdir(), 'bal-db-'))
    const server = new Mariadb(folder, given === null ? await freePort() : Number(given.port))
    if (given === null) {
      await server.#install()
      await server.up()
    }
    await server.sql(
      `create user if not exists balance@'%' identified by '${server.password}'`,
      `grant all on \`t%\`.* to balance@'%'`,
    )
    return server
  }

  /** A new, empty database; its name. */
  async database(): Promise<string> {
    const name = `t${process.pid}x${++this.#databases}`
    await this.sql(`create database ${name} character set latin1 collate latin1_swedish_ci`)
    return name
  }

  url(database: string): string {
    return `mysql://balance:${encodeURIComponent(this.password)}@127.0.0.1:${this.port}/${database}`
  }

  /** Runs statements as root; gives the rows of the last. */
  async sql(...statements: string[]): Promise<Record<string, unknown>[]> {
    const connection = await this.connect()
    try {
      let rows: unknown = []
      for (const statement of statements) [rows] = await connection.query(statement)
      return rows as Record<string, unknown>[]
    } finally {
      await connection.end()
    }
  }

  connect(database?: string): Promise<Connection> {
    const login =
      given === null
        ? { socketPath: this.socket, user: 'root' }
        : { host: given.hostname, port: this.port, user: given.username, password: given.password }
    return createConnection({
      ...login,
      ...(database !== undefined && { database }),
    })
  }

  /** Stops the process where it is, as a frozen host would; `freeze(false)` lets it go on. */
  freeze(frozen = true): void {
    const pid = this.#server?.pid
    if (pid === undefined) throw new Error('It does not run.')
    process.kill(pid, frozen ? 'SIGSTOP' : 'SIGCONT')
    // Its threads stop one by one, and until then answer what they are asked.
    while (frozen && existsSync('/proc/self/stat') && !allStopped(pid));
  }

  async up(): Promise<void> {
    const server = spawn(
      mariadbd as string,
      [
        '--no-defaults',
        ...asUser(),
        `--datadir=${join(this.#folder, 'data')}`,
        `--socket=${this.socket}`,
        `--port=${this.port}`,
        '--bind-address=127.0.0.1',
        `--pid-file=${join(this.#folder, 'pid')}`,
        '--skip-name-resolve',
        '--innodb-buffer-pool-size=24M',
        '--innodb-flush-log-at-trx-commit=2',
        '--innodb-flush-method=nosync',
        '--skip-innodb-doublewrite',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], env: this.#env },
    )
    this.#server = server
    const kill = () => server.kill('SIGKILL')
    process.once('exit', kill)
    server.once('exit', () => process.off('exit', kill))
    server.stderr.setEncoding('utf8')
    await new Promise<void>((resolve, reject) => {
      let said = ''
      server.stderr.on('data', (text: string) => {
        said += text
        if (said.includes('ready for connections')) resolve()
      })
      server.once('exit', () => reject(new Error(`mariadbd did not start:\n${said}`)))
    })
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL')
  }

  /** Ends it as its init system would. */
  shutDown(): Promise<void> {
    return this.#end('SIGTERM')
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#server
    if (!server || server.exitCode !== null || server.signalCode !== null) return
    server.kill(signal)
    await once(server, 'exit')
  }

  async #install(): Promise<void> {
    const data = join(this.#folder, 'data')
    mkdirSync(data)
    mkdirSync(this.#env.TMPDIR)
    await run(
      install as string,
      [
        '--no-defaults',
        ...asUser(),
        `--datadir=${data}`,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
      ],
      { env: this.#env },
    )
  }

  /** A server that starts removes every temporary table it finds: others' too, in a shared folder. */
  get #env() {
    return { ...process.env, TMPDIR: join(this.#folder, 'tmp') }
  }
}

function asUser(): string[] {
  return process.geteuid?.() === 0 ? ['--user=root'] : []
}

function find(program: string): string | null {
  return PLACES.map(place => join(place, program)).find(path => existsSync(path)) ?? null
}

function allStopped(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every(thread => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
    // The name in brackets may hold anything; the state follows it (proc(5)).
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) === 'T'
  })
}
