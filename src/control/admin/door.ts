import type { IncomingMessage, ServerResponse } from 'node:http'
import * as z from 'zod'
import type { Clock } from '../../base/clock.ts'
import { asBalanceError, BalanceError } from '../../base/errors.ts'
import type { Logger } from '../../base/log.ts'
import type { AdminSession } from '../../model/admin.ts'
import type { Store } from '../../model/store.ts'
import { type Operator, TAIL_FILTER } from '../api.ts'
import { parseInput } from '../input.ts'
import { sessionShape } from '../shapes/session.ts'
import type { TailHub } from '../tail.ts'
import { redirect, sendError, sendJson, sendNotice } from './answer.ts'
import type { Assets } from './assets.ts'
import { readJson } from './body.ts'
import { dispatch, requireMethod } from './dispatch.ts'
import type { LoginLinks } from './links.ts'
import { LiveStreams } from './live.ts'
import { Logins } from './logins.ts'
import { parseQuery } from './query.ts'
import { Sessions } from './sessions.ts'
import { refuseForeignSite, refuseInTheClear, refuseStrangeHost, type Visitor } from './visitor.ts'

export interface DoorParts {
  readonly operator: Operator
  readonly store: Pick<
    Store,
    | 'adminPassword'
    | 'adminSession'
    | 'adminSessions'
    | 'openAdminSession'
    | 'closeAdminSession'
    | 'noteFailedLogins'
  >
  readonly tail: TailHub
  readonly assets: Assets
  readonly links: LoginLinks
  /** Names, besides those of loopback, that it may be called by. */
  readonly hosts: () => readonly string[]
  /** The store's revision in force. */
  readonly revision: () => number
  readonly version: string
  readonly clock: Clock
  readonly log: Logger
}

interface Visit {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly visitor: Visitor
  /** What follows `/admin/api/`. */
  readonly name: string
  readonly query: string
}

const LOGIN = z.strictObject({ password: z.string().max(1_024) })
const LARGEST_LOGIN = 8_192

/**
 * The dashboard's door: everything below `/admin`, in the daemon. Who asks, from where and by which name
 * is looked at before anything is read or done.
 */
export class DashboardDoor {
  readonly #parts: DoorParts
  readonly #sessions: Sessions
  readonly #logins: Logins
  readonly #live: LiveStreams

  constructor(parts: DoorParts) {
    this.#parts = parts
    this.#sessions = new Sessions(parts.store)
    this.#logins = new Logins(parts)
    const caller = { who: 'the dashboard', session: null, signal: new AbortController().signal }
    this.#live = new LiveStreams({ ...parts, status: () => parts.operator.status({}, caller) })
  }

  /** Never rejects. */
  async answer(
    request: IncomingMessage,
    response: ServerResponse,
    visitor: Visitor,
  ): Promise<void> {
    try {
      refuseStrangeHost(request, this.#parts.hosts())
      refuseInTheClear(request, visitor)
      const [path = '', query = ''] = (request.url ?? '').split(/\?(.*)/s)
      const [, name] = /^\/admin\/api\/(.*)$/.exec(path) ?? []
      if (name !== undefined) await this.#api({ request, response, visitor, name, query })
      else if (path === '/admin/link') await this.#link(request, response, visitor, query)
      else this.#page(path, request, response)
    } catch (error) {
      const known = asBalanceError(error)
      if (known.code === 'internal_error') this.#parts.log.error({ err: error }, 'internal error')
      sendError(response, known)
    }
  }

  /** Ends what is followed, and writes down what is not yet. */
  async close(): Promise<void> {
    this.#live.close()
    await this.#logins.close()
  }

  #page(path: string, request: IncomingMessage, response: ServerResponse): void {
    requireMethod(request, response, ['GET', 'HEAD'])
    if (path === '/admin') redirect(response, 308, '/admin/')
    else if (this.#parts.assets.send(path, request, response)) return
    else if (path === '/admin/') sendNotice(response, 503, 'The dashboard was not built.')
    else throw new BalanceError('not_found', 'There is no such page.')
  }

  async #link(
    request: IncomingMessage,
    response: ServerResponse,
    { peer }: Visitor,
    query: string,
  ): Promise<void> {
    requireMethod(request, response, ['GET'])
    if (!this.#parts.links.use(new URLSearchParams(query).get('t') ?? '')) {
      sendNotice(
        response,
        403,
        'This link was used, or is older than 30 seconds. <code>balance dashboard</code> makes another.',
      )
      return
    }
    await this.#sessions.open(request, response, { peer, by: 'link' })
    redirect(response, 303, '/admin/')
  }

  async #api(visit: Visit): Promise<void> {
    const { request, response, name } = visit
    refuseForeignSite(request)
    if (name === 'login') return this.#login(visit)
    if (name === 'session') return this.#session(visit)
    if (name === 'live') return this.#follow(visit)
    const session = await this.#sessions.require(request)
    if (name === 'logout') return this.#logout(visit, session)
    const body = (most: number) => readJson(request, most, this.#parts.clock)
    const { operator, revision } = this.#parts
    await dispatch(operator, { ...visit, session, body, revision }, request, response)
  }

  async #login({ request, response, visitor: { peer } }: Visit): Promise<void> {
    requireMethod(request, response, ['POST'])
    const body = await readJson(request, LARGEST_LOGIN, this.#parts.clock)
    const { password } = parseInput('login', LOGIN, body)
    await this.#logins.check(password, peer, () => response.destroyed)
    await this.#sessions.open(request, response, { peer, by: 'password' })
    sendJson(response, {})
  }

  async #session({ request, response }: Visit): Promise<void> {
    requireMethod(request, response, ['GET', 'HEAD'])
    const { store, version } = this.#parts
    const session = await this.#sessions.of(request, false)
    const passwordSet = (await store.adminPassword()) !== null
    sendJson(response, { session: session && sessionShape(session), passwordSet, version })
  }

  async #logout({ request, response }: Visit, session: AdminSession): Promise<void> {
    requireMethod(request, response, ['POST'])
    await this.#sessions.end(session, response)
    this.#live.end(session.id)
    sendJson(response, {})
  }

  /** That a page is open shows nobody at work: it prolongs no session. */
  async #follow({ request, response, query }: Visit): Promise<void> {
    const session = await this.#sessions.require(request, false)
    requireMethod(request, response, ['GET'])
    this.#live.open(session, parseQuery('live', TAIL_FILTER, query), response)
  }
}
