import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createLogger } from '../../src/base/log.ts'
import { Redactor } from '../../src/base/redactor.ts'
import { Secret } from '../../src/base/secret.ts'
import { Assets } from '../../src/control/admin/assets.ts'
import { DashboardDoor } from '../../src/control/admin/door.ts'
import { LoginLinks } from '../../src/control/admin/links.ts'
import { keptPassword } from '../../src/control/admin/password.ts'
import { DashboardSocket, pipeTo } from '../../src/control/admin/pipe.ts'
import { type Visitor, visitorOf } from '../../src/control/admin/visitor.ts'
import { type Caller, OPERATIONS, type Operator } from '../../src/control/api.ts'
import { TailHub } from '../../src/control/tail.ts'
import type { Dashboard } from '../../src/gateway/dashboard.ts'
import type { AdminPassword } from '../../src/model/admin.ts'
import type { Store } from '../../src/model/store.ts'
import { type Answer, type Ask, ask, startGateway, type TestGateway } from './gateway.ts'
import { ManualClock } from './manual-clock.ts'
import { PASSWORD } from './password.ts'
import { type TemporaryStore, temporaryStore } from './store.ts'

export { PASSWORD }

/** How a gateway reaches the door: as in the daemon itself, or as a worker does. */
export const WAYS = ['directly', 'from a worker'] as const
export type Way = (typeof WAYS)[number]

/** The same password at a thousandth of the cost: for tests that log in. */
export const CHEAP: Promise<AdminPassword> = cheaply(PASSWORD)

async function cheaply(password: string): Promise<AdminPassword> {
  const { scryptSync } = await import('node:crypto')
  const salt = Buffer.alloc(16, 7)
  const hash = scryptSync(password, salt, 32, { cost: 128, blockSize: 8, parallelization: 1 })
  const found = { cost: 128, blockSize: 8, parallelization: 1 }
  return { ...found, salt: salt.toString('hex'), hash: hash.toString('hex') }
}

/** The same as it is kept. */
export function dearly(): Promise<AdminPassword> {
  return keptPassword(new Secret(PASSWORD))
}

/** What an operation was asked with. */
export interface Call {
  readonly name: string
  readonly input: unknown
  readonly caller: Caller
}

/** The door on a real listener, with a real store, a clock that can be set, and no daemon. */
export class TestDashboard {
  readonly clock = new ManualClock()
  readonly tail = new TailHub()
  readonly links = new LoginLinks(this.clock)
  readonly calls: Call[] = []
  readonly lines: string[] = []
  /** What has come to the door. */
  readonly requests: IncomingMessage[] = []
  readonly folder = mkdtempSync(join(tmpdir(), 'bal-dash-'))
  hosts: readonly string[] = []
  revision = 1
  /** In place of what the connection says. */
  visitor: Partial<Visitor> = {}
  /** What operations answer. */
  answer: (name: string) => unknown = name => ({ name })
  door!: DashboardDoor
  store!: Store
  gateway!: TestGateway
  #temporary!: TemporaryStore
  #socket: DashboardSocket | null = null

  static async start(way: Way, { files = {}, wrap }: Options = {}): Promise<TestDashboard> {
    const made = new TestDashboard()
    await made.#start(way, files, wrap ?? (store => store))
    return made
  }

  async #start(
    way: Way,
    files: Readonly<Record<string, string | Buffer>>,
    wrap: (store: Store) => Store,
  ): Promise<void> {
    this.#temporary = await temporaryStore({ clock: this.clock })
    this.store = this.#temporary.store
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.folder, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, content)
    }
    this.door = new DashboardDoor({
      operator: this.#operator(),
      store: wrap(this.store),
      tail: this.tail,
      assets: new Assets(join(this.folder, 'dashboard')),
      links: this.links,
      hosts: () => this.hosts,
      revision: () => this.revision,
      version: '9.9.9',
      clock: this.clock,
      log: createLogger('debug', new Redactor(), { write: line => this.lines.push(line) }),
    })
    this.gateway = await startGateway({}, { dashboard: await this.#dashboard(way) })
  }

  async #dashboard(way: Way): Promise<Dashboard> {
    const answer = this.door.answer.bind(this.door)
    if (way === 'directly') {
      return (request, response) => {
        this.requests.push(request)
        void answer(request, response, { ...visitorOf(request), ...this.visitor })
      }
    }
    this.door.answer = (request, response, visitor) => {
      this.requests.push(request)
      return answer(request, response, { ...visitor, ...this.visitor })
    }
    this.#socket = await DashboardSocket.open(join(this.folder, 'door.sock'), this.door)
    return pipeTo(this.#socket.path)
  }

  #operator(): Operator {
    const operate = (name: string) => (input: unknown, caller: Caller) => {
      const value = this.answer(name)
      this.calls.push({ name, input, caller })
      return value
    }
    return new Proxy({} as Operator, { get: (_, name) => operate(String(name)) })
  }

  get port(): number {
    return this.gateway.port
  }

  /** The origin of its own page. */
  get origin(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** What the page sends with a change. */
  get own(): Record<string, string> {
    return { origin: this.origin, 'x-balance-admin': '1' }
  }

  ask(path: string, { headers = {}, ...change }: Partial<Ask> = {}): Promise<Answer> {
    return ask(this.port, { path, token: null, ...change, headers })
  }

  get(name: string, cookie?: string): Promise<Answer> {
    return this.ask(`/admin/api/${name}`, cookie ? { headers: { cookie } } : {})
  }

  /** A change as the page asks for it. */
  post(name: string, body: unknown, cookie?: string): Promise<Answer> {
    return this.ask(`/admin/api/${name}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { ...this.own, ...(cookie ? { cookie } : {}) },
    })
  }

  /** Logs in by a link; the cookie. */
  async enter(cookie?: string): Promise<string> {
    const answer = await this.ask(this.links.make(), cookie ? { headers: { cookie } } : {})
    if (answer.status !== 303) throw new Error(answer.text)
    return cookieOf(answer)
  }

  /** Opens an answer that goes on. */
  open(path: string, cookie: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const sent = request({
        ...{ port: this.port, host: '127.0.0.1', path, agent: false },
        headers: { cookie },
      })
      sent.on('response', resolve)
      sent.on('error', reject)
      sent.end()
    })
  }

  async close(): Promise<void> {
    await this.door.close()
    await this.gateway.close()
    this.#socket?.close()
    await this.#temporary.remove()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

interface Options {
  /** Of the folder; the built page's are below `dashboard`. */
  readonly files?: Readonly<Record<string, string | Buffer>>
  /** Stands between the door and the store. */
  readonly wrap?: (store: Store) => Store
}

/** The pair that a browser sends back. */
export function cookieOf({ headers }: Answer): string {
  const [cookie = ''] = headers['set-cookie'] ?? []
  return cookie.split(';')[0] ?? ''
}

export function codeOf({ text }: Answer): string {
  return (JSON.parse(text) as { error: { code: string } }).error.code
}

/** Every operation that the page may ask, as a method and a name. */
export const ASKABLE = Object.entries(OPERATIONS)
  .filter(([, { door }]) => door === 'all')
  .map(([name, { kind }]) => [kind === 'read' ? 'GET' : 'POST', name] as const)
