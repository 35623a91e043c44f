import type { Dispatcher } from 'undici'
import type { Lease } from '../../../src/balancer/lease.ts'
import { Live } from '../../../src/balancer/live.ts'
import type { Pool } from '../../../src/balancer/pool.ts'
import { BalanceError } from '../../../src/base/errors.ts'
import type { Logger } from '../../../src/base/log.ts'
import { Redactor } from '../../../src/base/redactor.ts'
import type { Exchange } from '../../../src/gateway/exchange.ts'
import { Gateway } from '../../../src/gateway/gateway.ts'
import { createGatewayServer } from '../../../src/gateway/server.ts'
import { watchExchanges } from '../../../src/gateway/watch.ts'
import type { ExchangeRecord } from '../../../src/model/record.ts'
import { SnapshotHolder } from '../../../src/snapshot/holder.ts'
import type { Agents } from '../../../src/upstream/agents.ts'
import type { Relay } from '../../../src/upstream/relay.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { NO_OBJECTS } from '../../support/object-link.ts'
import { catalogue, KEYS, QUESTIONS } from './catalogue.ts'
import { type Dice, oneIn, pick } from './dice.ts'
import { Play } from './far-side.ts'
import { Client } from './near-side.ts'

const SHORT_LEAPS = [1, 60, 110, 260, 600, 1_100, 3_100]
const LONG_LEAPS = [6_000, 11_000, 61_000, 121_000, 301_000, 3_700_000]
/** The longest silence that is borne is seen at the second look after it, whatever time leaps between. */
const LONGEST_SILENCE = 600_000 + 2 * 3_710_000
/** Far more than any exchange takes. */
const MOST_STEPS = 1_000
/** One client and all that became of it. */
export class Case {
  readonly client: Client
  readonly plays: Play[] = []
  readonly #gateway: Gateway
  #exchange: Exchange | null = null

  constructor(client: Client, gateway: Gateway) {
    this.client = client
    this.#gateway = gateway
  }

  /** Looked up while it is under way, which it is before anything is dispatched. */
  get exchange(): Exchange {
    this.#exchange ??=
      Array.from(this.#gateway.exchanges).find(
        ({ response }) => response === this.client.response,
      ) ?? null
    if (this.#exchange === null) throw new Error('no exchange was made')
    return this.#exchange
  }

  /** What must not be so at any moment; null: nothing. */
  get wrong(): string | null {
    const { client, exchange, plays } = this
    const last = plays.at(-1)
    if (!last?.isWorking) return null
    if (exchange.accounted) return 'an upstream works for nobody'
    if (this.#gateway.clock.now() > last.heardAt + LONGEST_SILENCE) return 'it waits for ever'
    if (!last.relay.committed || last.relay.ended || last.paused === client.full) return null
    return client.full
      ? 'the upstream goes on for a full client'
      : 'the upstream is held for nothing'
  }

  get isOver(): boolean {
    // What is still being connected learns that nobody waits when it is connected.
    return this.client.closed && this.exchange.accounted && this.plays.every(play => play.isOver)
  }
}

/** A gateway without sockets, among clients and upstreams that do what the dice say. */
export class World {
  readonly clock = new ManualClock()
  readonly gateway: Gateway
  readonly cases: Case[] = []
  readonly records: ExchangeRecord[] = []
  /** Lease → how often it was given back. */
  readonly leases = new Map<Lease, number>()
  /** What happened that must not. */
  readonly wrongs: string[] = []
  readonly pools: readonly Pool[]
  /** Timers that the gateway has while nothing is asked. */
  readonly idleTimers: number
  readonly #dice: Dice
  readonly #holder: SnapshotHolder
  readonly #server: ReturnType<typeof createGatewayServer>
  readonly #sockets: object[] = []
  readonly #firstByteTimeout: number
  readonly #generations = Object.values(KEYS).flatMap(count => Array<number>(count).fill(1))
  /** Cases that are not over. */
  #open: Case[] = []

  constructor(dice: Dice) {
    this.#dice = dice
    const { clock } = this
    const live = new Live(clock)
    const agents = this.#agents()
    this.#holder = new SnapshotHolder(live, agents, clock)
    const log = { error: ({ err }: { err: Error }) => this.wrongs.push(`${err.stack}`) }
    this.gateway = new Gateway({
      clock,
      live,
      agents,
      holder: this.#holder,
      log: log as unknown as Logger,
      redactor: new Redactor(),
      link: {
        records: batch => void this.records.push(...batch),
        verdicts: () => {},
        outages: () => {},
      },
      objectLink: NO_OBJECTS,
      expose: () => Promise.reject(new Error('Nobody asks.')),
      dashboard: null,
      anonymous: true,
    })
    this.#server = createGatewayServer(this.gateway, null)
    watchExchanges(this.gateway)
    this.#firstByteTimeout = oneIn(dice, 8) ? 500 : 300_000
    this.#configure()
    this.pools = Array.from(this.#holder.current?.byName.values() ?? [], ({ pool }) => pool)
    for (const pool of this.pools) this.#count(pool)
    this.idleTimers = clock.pending
  }

  /** Lets so many clients ask, three at once at most, and plays until all of that is over. */
  async run(asks: number): Promise<void> {
    for (let steps = 0; this.cases.length < asks || this.#open.length > 0; steps++) {
      if (steps > asks * MOST_STEPS) throw new Error('it never ends')
      const asking = this.cases.length < asks && this.#open.length < 3
      if (asking && (this.#open.length === 0 || oneIn(this.#dice, 6))) this.#ask()
      else this.#step()
      for (let turn = 0; turn < 12; turn++) await undefined
      if (this.gateway.starts.waiting > 0) await new Promise(setImmediate)
      for (const { client, wrong } of this.#open) {
        if (wrong !== null) this.wrongs.push(`${client.id}: ${wrong}`)
      }
      this.#open = this.#open.filter(one => !one.isOver)
    }
    this.gateway.ledger.flush()
  }

  #configure(): void {
    this.#holder.swap(catalogue(this.#firstByteTimeout, this.#generations))
  }

  #agents(): Agents {
    const dispatcher = {
      dispatch: (_request: unknown, relay: Relay) => this.#dispatch(relay),
    } as unknown as Dispatcher
    return { for: () => dispatcher, fresh: () => dispatcher, retain() {} } as unknown as Agents
  }

  #dispatch(relay: Relay): boolean {
    const found = this.cases.find(({ exchange }) => exchange.attempt?.relay === relay)
    if (found === undefined) throw new Error('an attempt of no exchange')
    const { client, plays } = found
    if (client.left) this.wrongs.push('an attempt for a client that left')
    if (client.headersSent) this.wrongs.push('an attempt after the commit')
    if (plays.some(play => !play.isOver)) this.wrongs.push('two attempts at once')
    plays.push(new Play(relay, client, this.#dice, this.clock, this.#sockets))
    return true
  }

  /** Counts what is claimed and given back. */
  #count(pool: Pool): void {
    const { select, reclaim, settle } = pool
    const claimed = (lease: Lease | null) => {
      if (lease !== null) this.leases.set(lease, 0)
      return lease
    }
    pool.select = (...args) => claimed(select.apply(pool, args))
    pool.reclaim = (...args) => claimed(reclaim.apply(pool, args))
    pool.settle = (...args) => {
      this.leases.set(args[0], (this.leases.get(args[0]) ?? Number.NaN) + 1)
      return settle.apply(pool, args)
    }
  }

  #ask(): void {
    const question = pick(this.#dice, QUESTIONS)
    const id = `x${this.cases.length}`
    const client = new Client(id, question, () => oneIn(this.#dice, 12))
    const made = new Case(client, this.gateway)
    this.cases.push(made)
    this.#open.push(made)
    this.#server.emit('request', client.request, client.response)
    if (made.exchange.requestId !== id) this.wrongs.push('another request id')
  }

  #step(): void {
    const dice = this.#dice
    const { client, exchange, plays } = pick(dice, this.#open)
    const play = plays.at(-1)
    if (oneIn(dice, 64) && !client.closed) client.leave()
    else if (oneIn(dice, 64)) exchange.attempt?.relay.abort(new BalanceError('overloaded', 'Off.'))
    else if (oneIn(dice, 128)) this.#renew()
    else if (oneIn(dice, 24)) this.clock.leap(pick(dice, SHORT_LEAPS))
    else if (oneIn(dice, 192)) this.clock.leap(pick(dice, LONG_LEAPS))
    else if (oneIn(dice, 48)) plays[dice.below(plays.length)]?.step()
    else if (client.full && !client.destroyed && !oneIn(dice, 6)) client.drain()
    else if (play?.isAble) play.step()
    else if (client.isClosing) client.close()
    else {
      this.clock.leap(pick(dice, SHORT_LEAPS) + (oneIn(dice, 3) ? pick(dice, LONG_LEAPS) : 0))
    }
  }

  /** The owner gives a key a new secret. */
  #renew(): void {
    const n = this.#dice.below(this.#generations.length)
    this.#generations[n] = (this.#generations[n] ?? 1) + 1
    this.#configure()
  }
}
