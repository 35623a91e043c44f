import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import type { Store } from '../../src/model/store.ts'
import { CHAT } from './open-stream.ts'

const TICK_MS = 5

interface Time {
  /** When it was sent, on the clock of `performance`. */
  readonly from: number
  /** When its last byte had come. */
  readonly to: number
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
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 256 })
  readonly #port: () => number
  readonly #token: string
  readonly #perMs: number
  readonly #began = performance.now()
  readonly #timer: NodeJS.Timeout
  readonly #underWay = new Set<Promise<void>>()
  readonly #times: Time[] = []
  readonly #statuses = new Map<number, number>()
  #sent = 0

  /** Begins at once. */
  constructor(port: () => number, token: string, perSecond = 200) {
    this.#port = port
    this.#token = token
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
    const lengths = Float64Array.from(this.#times, ({ from, to }) => to - from).sort()
    const at = (share: number) => lengths[Math.floor((lengths.length - 1) * share)] ?? 0
    return {
      sent: this.#sent,
      statuses: Object.fromEntries(this.#statuses),
      p50: at(0.5),
      p99: at(0.99),
      longest: at(1),
      times: this.#times,
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
    const from = performance.now()
    return new Promise(resolve => {
      const done = (status: number) => {
        this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1)
        this.#times.push({ from, to: performance.now() })
        resolve()
      }
      const sent = request({
        port: this.#port(),
        host: '127.0.0.1',
        path: CHAT.path,
        method: 'POST',
        agent: this.#agent,
        headers: {
          authorization: `Bearer ${this.#token}`,
          'content-type': 'application/json',
          'content-length': CHAT.body.length,
          'x-request-id': id,
        },
      })
      sent.on('error', () => done(0))
      sent.on('response', response => {
        response.resume()
        response.on('end', () => done(response.statusCode ?? 0))
        response.on('error', () => done(0))
      })
      sent.end(CHAT.body)
    })
  }
}
