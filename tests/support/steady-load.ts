import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import type { Store } from '../../src/model/store.ts'
import { CHAT } from './open-stream.ts'

const TICK_MS = 5

export interface Time {
  /** When it was sent, on the clock of `performance`. */
  readonly from: number
  /** When its last byte had come. */
  readonly to: number
}

/** What became of one request. Times are monotonic ms. */
export interface Answered {
  readonly id: string
  readonly sent: number
  readonly ended: number
  /** 0 where the connection was refused or broke, or nothing came in time. */
  readonly status: number
  /** Why there is no status: ECONNREFUSED, ECONNRESET, … or LATE. */
  readonly code: string | null
  /** Whether its connection had carried others before. */
  readonly reused: boolean
}

export interface LoadOptions {
  /** Whether connections are used again; they are. */
  readonly keepAlive?: boolean
  /** A request is given up after so long a silence, ms; never unless given. */
  readonly patience?: number
}

interface LoadReport {
  readonly sent: number
  /** Status → how many; 0 where the connection was refused or broke. */
  readonly statuses: Readonly<Record<number, number>>
  /** From the call to the last byte, ms. */
  readonly p50: number
  readonly p99: number
  readonly longest: number
  /** Of each request. */
  readonly times: readonly Time[]
}

/**
 * Chats at an even rate, whatever comes back: a slow answer holds up no other request, so what one
 * stall does to all clients is seen (an open loop).
 */
export class SteadyLoad {
  /** Begins the request id of each of its requests. */
  readonly prefix = `load-${randomUUID().slice(0, 8)}-`
  /** What became of each request that ended, in the order of their ends. */
  readonly answers: Answered[] = []
  readonly #agent: Agent
  readonly #patience: number
  readonly #port: () => number
  readonly #token: string
  readonly #perMs: number
  readonly #began = performance.now()
  readonly #timer: NodeJS.Timeout
  readonly #underWay = new Set<Promise<void>>()
  #sent = 0

  /** Begins at once. */
  constructor(
    port: () => number,
    token: string,
    perSecond = 200,
    { keepAlive = true, patience = 0 }: LoadOptions = {},
  ) {
    this.#port = port
    this.#token = token
    this.#patience = patience
    this.#agent = new Agent({ keepAlive, maxFreeSockets: 256 })
    this.#perMs = perSecond / 1_000
    this.#timer = setInterval(() => this.#sendDue(), TICK_MS)
  }

  get sent(): number {
    return this.#sent
  }

  /** Sends no more, waits for what is under way, and says how it went. */
  async stop(): Promise<LoadReport> {
    clearInterval(this.#timer)
    await Promise.all(this.#underWay)
    this.#agent.destroy()
    const times = Float64Array.from(this.answers, ({ sent, ended }) => ended - sent).sort()
    const statuses: Record<number, number> = {}
    for (const { status } of this.answers) statuses[status] = (statuses[status] ?? 0) + 1
    const at = (share: number) => times[Math.floor((times.length - 1) * share)] ?? 0
    return {
      sent: this.#sent,
      statuses,
      p50: at(0.5),
      p99: at(0.99),
      longest: at(1),
      times: this.answers.map(({ sent, ended }) => ({ from: sent, to: ended })),
    }
  }

  /** Which of its requests the store has not, and which it has more than once. */
  async compare(store: Store): Promise<{ missing: string[]; doubled: string[] }> {
    const seen = new Map<string, number>()
    let before: number | undefined
    for (;;) {
      const page = await store.records({ limit: 5_000, ...(before !== undefined && { before }) })
      for (const { requestId } of page) seen.set(requestId, (seen.get(requestId) ?? 0) + 1)
      before = page.at(-1)?.id
      if (before === undefined) break
    }
    const ids = Array.from({ length: this.#sent }, (_, n) => `${this.prefix}${n}`)
    return {
      missing: ids.filter(id => !seen.has(id)),
      doubled: ids.filter(id => (seen.get(id) ?? 0) > 1),
    }
  }

  #sendDue(): void {
    const due = Math.floor((performance.now() - this.#began) * this.#perMs)
    while (this.#sent < due) {
      const sending = this.#send(`${this.prefix}${this.#sent++}`).finally(() =>
        this.#underWay.delete(sending),
      )
      this.#underWay.add(sending)
    }
  }

  #send(id: string): Promise<void> {
    const began = performance.now()
    return new Promise(resolve => {
      const sent = request({
        port: this.#port(),
        host: '127.0.0.1',
        path: CHAT.path,
        method: 'POST',
        agent: this.#agent,
        timeout: this.#patience,
        headers: {
          authorization: `Bearer ${this.#token}`,
          'content-type': 'application/json',
          'content-length': CHAT.body.length,
          'x-request-id': id,
        },
      })
      const done = (status: number, code: string | null) => {
        const ended = performance.now()
        this.answers.push({ id, sent: began, ended, status, code, reused: sent.reusedSocket })
        resolve()
      }
      const broke = ({ code, message }: NodeJS.ErrnoException) => done(0, code ?? message)
      sent.on('error', broke)
      sent.on('timeout', () => sent.destroy(Object.assign(new Error(), { code: 'LATE' })))
      sent.on('response', response => {
        response.resume()
        response.on('end', () => done(response.statusCode ?? 0, null))
        response.on('error', broke)
      })
      sent.end(CHAT.body)
    })
  }
}
