import { expect } from 'vitest'
import type { DaemonStatus } from '../../src/model/status.ts'
import { type Daemon, eventually, type World } from '../support/daemon.ts'
import { ask } from '../support/gateway.ts'
import { RunQueue } from '../support/run-queue.ts'
import { SteadyLoad } from '../support/steady-load.ts'

const KEY = 'sk-a-0123456789abcdef'
const PER_SECOND = 200
const SLOWEST_MS = 250
/** From the beginning of the trouble until status shows that something is wrong, and what it is. */
const ILL_MS = 4_000
const NAMED_MS = 8_000
/** What an operator waits for a status, the start of the command included. */
const ANSWERED_MS = 2_000
const REFUSED_MS = 12_000
const RECOVERED_MS = 10_000
/** Each look is a process, which must not take the processor from those that are measured. */
const LOOK_MS = 250
/** Longer than a body may be under the smaller of the two limits that are put into force. */
const LONG_BODY = JSON.stringify({ model: 'mock-large', input: 'x'.repeat(5_000) })
const LIMITS = [
  ['2KiB', 413],
  ['32MiB', 200],
] as const

/** Something that goes wrong with a store, and is put right. */
export interface Trouble {
  begin(): Promise<unknown>
  end(): Promise<unknown>
  /** What status and commands say of it. */
  readonly named: RegExp
}

interface Course {
  readonly turns?: number
  /** How long each turn lasts at least; it lasts until status and a command have told of it. */
  readonly holdMs: number
  readonly annotate: (figures: string) => Promise<unknown>
}

/**
 * Shows that clients notice nothing of a store in trouble, that operators are told of it, and that
 * everything recovers by itself with no record lost or doubled.
 */
export async function outlast(
  world: World,
  upstream: string,
  trouble: Trouble,
  { turns = 1, holdMs, annotate }: Course,
): Promise<void> {
  const token = await world.furnish(upstream, KEY)
  const daemon = await world.serve('--log-level', 'warn')
  const load = new SteadyLoad(() => daemon.port, token, PER_SECOND)
  const queue = new RunQueue([daemon.pid, process.pid])
  try {
    const operator = new Watcher(world, daemon, token)
    await eventually(() => load.sent >= PER_SECOND, 'a second of requests')
    for (let turn = 0; turn < turns; turn++) await operator.sitOut(trouble, holdMs)
    const report = await load.stop()
    const { sent, p50, p99, longest } = report
    const late = report.times.filter(({ from, to }) => to - from > SLOWEST_MS)
    // A host that let neither the daemon nor this process run is no fault of the daemon.
    const own = queue.slow(late, SLOWEST_MS)
    await annotate(
      `${sent} answers: p50 ${ms(p50)}, p99 ${ms(p99)}, longest ${ms(longest)}; above ${SLOWEST_MS} ms: ${late.length}, but for waiting for a processor: ${own.length}; ${operator.figures}`,
    )
    expect(report.statuses).toEqual({ 200: sent })
    expect(own).toEqual([])
    await expectAllWritten(world, load)
  } finally {
    queue.stop()
    await load.stop()
  }
}

async function expectAllWritten(world: World, load: SteadyLoad): Promise<void> {
  const written = async () => {
    const { records } = await world.json<DaemonStatus>(['status'])
    return records?.waiting === 0 ? records : null
  }
  const { dropped } = await eventually(written, 'all records written', RECOVERED_MS, LOOK_MS)
  expect(dropped).toBe(0)
  const store = await world.openStore()
  try {
    expect(await load.compare(store)).toEqual({ missing: [], doubled: [] })
  } finally {
    await store.close()
  }
}

/** What an operator sees of a daemon and its store, and when. */
class Watcher {
  readonly #world: World
  readonly #daemon: Daemon
  readonly #token: string
  readonly #times = new Map<string, number[]>()

  constructor(world: World, daemon: Daemon, token: string) {
    this.#world = world
    this.#daemon = daemon
    this.#token = token
  }

  get figures(): string {
    return [...this.#times].map(([what, times]) => `${what} after ${range(times)}`).join('; ')
  }

  /** One turn of the trouble, from its beginning until it is over and forgotten. */
  async sitOut(trouble: Trouble, holdMs: number): Promise<void> {
    const { revision, store_health } = await this.#status()
    expect(store_health).toEqual({ ok: true, error: null })
    try {
      await trouble.begin()
      const held = new Promise(resolve => setTimeout(resolve, holdMs))
      await Promise.all([this.#noticed(trouble.named), this.#refused(trouble.named), held])
      // It was not forgotten meanwhile, and nothing of what was refused came into force.
      const still = await this.#status()
      const ill = { ok: false, error: expect.stringMatching(trouble.named) }
      expect(still.store_health).toEqual(ill)
      expect(still.revision).toBe(revision)
      // The trouble is the log's, too.
      expect(still.records?.waiting).toBeGreaterThanOrEqual((holdMs / 2_000) * PER_SECOND)
      expect(await this.#readiness()).toMatchObject({ status: 'ok', checks: { store: ill } })
    } finally {
      await trouble.end()
    }
    await this.#timed('recovered', RECOVERED_MS, () => this.#recovered(revision))
  }

  #noticed(named: RegExp): Promise<void> {
    return this.#timed('named', NAMED_MS, async () => {
      await this.#timed('ill', ILL_MS, () => this.#isTold(/./, ILL_MS))
      await this.#isTold(named, NAMED_MS)
    })
  }

  async #isTold(reason: RegExp, within: number): Promise<void> {
    let last: DaemonStatus['store_health'] = null
    const isIll = async () => {
      last = (await this.#status()).store_health
      return last?.ok === false && reason.test(last.error ?? '')
    }
    await eventually(isIll, `status tells of ${reason}`, within, LOOK_MS).catch((error: Error) => {
      throw new Error(`${error.message}; it says ${JSON.stringify(last)}`)
    })
  }

  #refused(named: RegExp): Promise<void> {
    return this.#timed('a command refused', REFUSED_MS, async () => {
      const { code, stderr } = await this.#world.balance(['config', 'set', 'max_body', '3MiB'])
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(named) })
    })
  }

  async #recovered(before: number): Promise<void> {
    const isWell = async () => {
      const { store_health, records } = await this.#status()
      // The load goes on, so that some records always wait: not more than half a second's.
      return store_health?.ok && records && records.waiting <= PER_SECOND / 2
    }
    await eventually(isWell, 'the store is well and has caught up', RECOVERED_MS, LOOK_MS)
    for (const [turn, [limit, status]] of LIMITS.entries()) {
      const { code, stderr } = await this.#world.balance(['config', 'set', 'max_body', limit])
      const revision = before + turn + 1
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: expect.stringContaining(`in force (revision ${revision})`),
      })
      const answer = await this.#daemon.ask(this.#token, { body: LONG_BODY })
      expect(answer.status).toBe(status)
    }
  }

  /** As `balance status --json` has it, which answers at once whatever the store does. */
  async #status(): Promise<DaemonStatus> {
    const began = performance.now()
    const status = await this.#world.json<DaemonStatus>(['status'])
    expect(performance.now() - began).toBeLessThanOrEqual(ANSWERED_MS)
    return status
  }

  /** What a load balancer asks for: the daemon gets traffic, whatever its store does. */
  async #readiness(): Promise<unknown> {
    const { status, text } = await ask(this.#daemon.port, { path: '/readyz?verbose', token: null })
    expect(status).toBe(200)
    return JSON.parse(text)
  }

  async #timed(what: string, within: number, run: () => Promise<void>): Promise<void> {
    const began = performance.now()
    await run()
    const time = performance.now() - began
    const times = this.#times.get(what) ?? []
    this.#times.set(what, [...times, time])
    expect(time, what).toBeLessThanOrEqual(within)
  }
}

function range(times: readonly number[]): string {
  const [least, most] = [Math.min(...times), Math.max(...times)]
  return times.length === 1 ? ms(most) : `${ms(least)} to ${ms(most)}`
}

function ms(time: number): string {
  return `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`
}
