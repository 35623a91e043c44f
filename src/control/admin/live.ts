import type { ServerResponse } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import type { Clock, Timer } from '../../base/clock.ts'
import { BalanceError } from '../../base/errors.ts'
import { PAGE_HEADERS } from '../../gateway/dashboard.ts'
import type { AdminSession } from '../../model/admin.ts'
import type { RecordFilter } from '../../model/record.ts'
import type { Store } from '../../model/store.ts'
import type { TailLine } from '../api.ts'
import { exchangeShape } from '../shapes/exchange.ts'
import type { TailHub, TailReader } from '../tail.ts'

const MOST = 32
/** How soon a session that was ended elsewhere ends its streams. */
const SESSIONS_MS = 500
const STATUS_MS = 2_000
const PING_MS = 15_000
/** Who reads nothing for so long sleeps; its browser asks again when it wakes. */
const SLEEPS_MS = 60_000

interface LiveParts {
  readonly tail: TailHub
  readonly store: Pick<Store, 'adminSessions'>
  readonly clock: Clock
  readonly status: () => Promise<unknown>
}

interface Stream {
  readonly session: AdminSession
  readonly reader: TailReader
  /** What it was told last. */
  status: unknown
  /** Since when it reads nothing, monotonic ms. */
  fullSince: number | null
}

/**
 * What happens now, as server-sent events: `exchange`, `dropped` (how many a slow reader was not told
 * of), `status` where it has changed, and a ping. While nobody follows, nothing is done.
 */
export class LiveStreams {
  readonly #parts: LiveParts
  readonly #streams = new Set<Stream>()
  #timers: Timer[] = []
  #asking = false
  #looking = false

  constructor(parts: LiveParts) {
    this.#parts = parts
  }

  /** @throws BalanceError overloaded */
  open(session: AdminSession, filter: RecordFilter, response: ServerResponse): void {
    if (this.#streams.size >= MOST) {
      throw new BalanceError('overloaded', `${MOST} browsers follow already.`, {
        retryAfter: 10_000,
      })
    }
    response.writeHead(200, {
      ...PAGE_HEADERS,
      'content-type': 'text/event-stream',
      'x-accel-buffering': 'no',
    })
    response.write('retry: 2000\n\n')
    const reader = this.#parts.tail.follow(filter, response, eventOf)
    const stream: Stream = { session, reader, status: null, fullSince: null }
    this.#streams.add(stream)
    response.on('close', () => this.#remove(stream))
    if (this.#timers.length === 0) this.#begin()
    void this.#tellStatus()
  }

  /** Ends those of a session that is over. */
  end(session: string): void {
    for (const stream of this.#streams) if (stream.session.id === session) stream.reader.cut()
  }

  close(): void {
    for (const { reader } of this.#streams) reader.cut()
  }

  #begin(): void {
    const { clock } = this.#parts
    this.#timers = [
      clock.every(SESSIONS_MS, () => void this.#lookAtSessions()),
      clock.every(STATUS_MS, () => void this.#tellStatus()),
      clock.every(PING_MS, () => this.#ping()),
    ]
  }

  #remove(stream: Stream): void {
    this.#streams.delete(stream)
    if (this.#streams.size > 0) return
    for (const timer of this.#timers) timer.stop()
    this.#timers = []
  }

  async #lookAtSessions(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    try {
      const open = new Set((await this.#parts.store.adminSessions()).map(({ id }) => id))
      for (const { session } of this.#streams) if (!open.has(session.id)) this.end(session.id)
    } catch {
      // A store that cannot be read ends no session; the next look tells.
    } finally {
      this.#looking = false
    }
  }

  async #tellStatus(): Promise<void> {
    const awake = [...this.#streams].filter(({ reader }) => !reader.full)
    if (this.#asking || awake.length === 0) return
    this.#asking = true
    try {
      const status = await this.#parts.status()
      for (const stream of awake) {
        if (isDeepStrictEqual(stream.status, status)) continue
        stream.status = status
        stream.reader.interject(eventNamed('status', status))
      }
    } catch {
      // It is told again in two seconds.
    } finally {
      this.#asking = false
    }
  }

  #ping(): void {
    const now = this.#parts.clock.now()
    for (const stream of this.#streams) {
      stream.fullSince = stream.reader.full ? (stream.fullSince ?? now) : null
      if (stream.fullSince !== null && now - stream.fullSince >= SLEEPS_MS) stream.reader.cut()
      else stream.reader.interject(': ping\n\n')
    }
  }
}

function eventOf(line: TailLine): string {
  if ('dropped' in line) return eventNamed('dropped', line.dropped)
  return eventNamed('exchange', exchangeShape(line.exchange))
}

function eventNamed(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
