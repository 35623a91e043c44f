import { connect } from 'node:net'
import { expect } from 'vitest'
import { Mark } from '../../../src/balancer/mark.ts'
import type { Pool } from '../../../src/balancer/pool.ts'
import type { Timer } from '../../../src/base/clock.ts'
import type { Gateway } from '../../../src/gateway/gateway.ts'
import type { KeyMemory } from '../../../src/model/catalog.ts'
import type { ExchangeRecord } from '../../../src/model/record.ts'
import type { ProviderSettings } from '../../../src/model/settings.ts'
import { key, provider } from '../../support/catalog.ts'
import { type Answer, ask, startGateway, type TestGateway, TOKEN } from '../../support/gateway.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { MODEL, type Speech } from './speech.ts'
import { type Peer, type Script, Upstream } from './upstream.ts'

/** What happens while the upstream is silent: so many ms go by, or somebody acts. */
export type During = number | 'client leaves' | 'client does not read' | 'shutdown'

/** A gateway before one exchange: provider one, and maybe two behind it, on a route of their model. */
export interface Setting {
  readonly speech: Speech
  readonly stream: boolean
  /** Keys of provider one, by id; provider two has key z. */
  readonly keys: readonly string[]
  /** What provider one does with the request of this number, from 0. */
  readonly one: (request: number) => Script
  /** The same for provider two; null: there is none. */
  readonly two: ((request: number) => Script) | null
  /** Where provider one is, if not at a scripted upstream. */
  readonly origin?: (port: number) => string
  readonly tls?: { readonly key: string; readonly cert: string } | undefined
  readonly settings?: Partial<ProviderSettings>
  readonly during?: During
  /** One exchange goes before, and leaves a connection that is kept. */
  readonly warm?: boolean
  /** The kept connection is closed before the exchange begins. */
  readonly idle?: boolean
  /** The gateway closes the connection to provider one. */
  readonly hangsUp?: boolean
}

/** All there is to see of an exchange after it. */
export interface Seen {
  /** Null where the client left. */
  readonly answer: Answer | null
  /** Requests that reached provider one and two, those of the exchange before left out. */
  readonly requests: readonly [one: number, two: number]
  /** Connections that provider one accepted. */
  readonly connections: number
  readonly record: ExchangeRecord
  readonly keys: ReadonlyMap<string, KeyMemory>
  /** Of provider one: models whose breaker is not closed. */
  readonly open: Record<string, string>
  /** Failures that provider one's breaker of the model counts. */
  readonly charged: number
  /** Pauses of the gateway's before a further attempt, ms. */
  readonly pauses: readonly number[]
}

const HOST = '127.0.0.1'

/** A clock on which whoever waits for a time is not kept waiting. */
class EagerClock extends ManualClock {
  readonly pauses: number[] = []
  eager = true

  override after(ms: number, call: () => void): Timer {
    this.pauses.push(ms)
    if (this.eager) setImmediate(() => this.advance(ms))
    return super.after(ms, call)
  }
}

/** Plays one exchange, and looks at everything that it left behind. */
export async function play(setting: Setting): Promise<Seen> {
  const clock = new EagerClock()
  const one = new Upstream(setting.one, setting.tls)
  const two = new Upstream(setting.two ?? (() => []))
  const gateway = await startGateway(await partsOf(setting, one, two), { clock })
  try {
    if (setting.warm) await warmUp(setting, gateway, one)
    clock.pauses.length = 0
    return await exchange(setting, gateway, clock, one, two)
  } finally {
    await gateway.close()
    await Promise.all([one.close(), two.close()])
  }
}

async function partsOf(setting: Setting, one: Upstream, two: Upstream) {
  const { speech, keys, settings: overrides = {}, origin } = setting
  const ports = [await one.listen(), await two.listen()] as const
  const urls = [origin?.(ports[0]) ?? `http://${HOST}:${ports[0]}`, `http://${HOST}:${ports[1]}`]
  const names = setting.two === null ? ['one'] : ['one', 'two']
  const target = { model: null, weight: 1, origin: 'command', createdAt: 0 } as const
  return {
    settings: { default_provider: 'one' },
    providers: names.map((name, at) =>
      provider(name, urls[at] as string, { kind: speech.kind, overrides }),
    ),
    keys: [
      ...keys.map(id => key(id, { provider: 'one' })),
      ...(setting.two === null ? [] : [key('z', { provider: 'two' })]),
    ],
    routes:
      setting.two === null
        ? []
        : [
            {
              model: MODEL,
              targets: names.map((name, at) => ({
                ...target,
                id: `r_${name}`,
                provider: name,
                tier: at + 1,
              })),
            },
          ],
  }
}

async function warmUp({ speech, idle }: Setting, gateway: TestGateway, one: Upstream) {
  await ask(gateway.port, { path: speech.path(false), body: speech.body(false) })
  await recorded(gateway, 1)
  if (!idle) return
  one.requests[0]?.socket.end()
  await one.requests[0]?.closed
}

async function exchange(
  setting: Setting,
  gateway: TestGateway,
  clock: EagerClock,
  one: Upstream,
  two: Upstream,
): Promise<Seen> {
  const { speech, stream } = setting
  const before = one.requests.length
  const leaving = new AbortController()
  let closing: Promise<void> | null = null
  const { during } = setting
  const onStall = async (peer: Peer) => {
    await arrived(gateway.gateway.inside, peer)
    if (during === 'client leaves') leaving.abort()
    else if (during === 'shutdown') {
      clock.eager = false
      closing = gateway.close()
    } else if (typeof during === 'number') {
      // What came is noticed first, then that nothing more comes.
      clock.advance(200)
      clock.advance(during)
    }
  }
  one.onStall = onStall
  two.onStall = onStall
  const path = speech.path(stream)
  const body = speech.body(stream)
  const answer =
    during === 'client does not read'
      ? await neverRead(gateway, clock, { path, body })
      : await ask(gateway.port, { path, body, signal: leaving.signal }).catch(() => null)
  await recorded(gateway, before + 1)
  await closing
  if (setting.hangsUp) await one.requests.at(-1)?.closed
  const [record] = gateway.records.slice(-1) as [ExchangeRecord]
  const requests = [one.requests.length - before, two.requests.length] as const
  const pool = gateway.gateway.inside.holder.current?.byName.get('one')?.pool as Pool
  const memories = gateway.gateway.memories()
  expectNothingLeaked(gateway, answer)
  const now = clock.now()
  return {
    answer,
    requests,
    connections: one.connections,
    record,
    keys: new Map(memories.map(memory => [memory.keyId, memory])),
    open: pool.breakers(now),
    charged: chargesOf(pool, setting.keys[0] as string, now),
    pauses: [...clock.pauses],
  }
}

/** A client that sends a request and reads nothing; resolves when it has been cut off. */
async function neverRead(
  { port, gateway }: TestGateway,
  clock: EagerClock,
  { path, body }: { path: string; body: string },
): Promise<null> {
  const client = connect(port, HOST).pause()
  client.on('error', () => {})
  const closed = new Promise(resolve => client.on('close', resolve))
  const head = [`POST ${path} HTTP/1.1`, `host: ${HOST}`, `authorization: Bearer ${TOKEN}`]
  const framing = ['content-type: application/json', `content-length: ${Buffer.byteLength(body)}`]
  client.write([...head, ...framing, '', body].join('\r\n'))
  await until(() =>
    [...gateway.inside.exchanges].some(({ attempt }) => attempt?.relay.down.stalled),
  )
  clock.advance(200)
  clock.advance(60_000)
  client.destroy()
  await closed
  return null
}

/** Resolves when the gateway has read all that this upstream sent. */
async function arrived({ exchanges }: Gateway, { sent }: Peer): Promise<void> {
  await until(() => {
    const [exchange] = exchanges
    const relay = exchange?.attempt?.relay
    if (relay === undefined) return true
    return sent < 0 || (relay.status !== 0 && relay.down.bytes + relay.heldBytes >= sent)
  })
}

/** Resolves when so many exchanges are written down. */
async function recorded(gateway: TestGateway, count: number): Promise<void> {
  await until(() => {
    void gateway.gateway.flush()
    return gateway.records.length >= count
  })
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(resolve => setImmediate(resolve))
}

/** No lease is held any longer, and no planted key is in anything that leaves the process. */
function expectNothingLeaked(test: TestGateway, answer: Answer | null) {
  const { gateway, records, verdicts, lines } = test
  for (const { pool, keys } of gateway.inside.holder.current?.byName.values() ?? []) {
    for (const id of keys.keys()) expect(pool.key(id)?.inFlight).toBe(0)
  }
  const told = [
    JSON.stringify([records, verdicts]),
    ...lines,
    answer?.text,
    answer?.rawHeaders.join('\n'),
  ]
  for (const text of told) expect(text ?? '').not.toMatch(/sk-\w-0123456789abcdef/)
}

const THRESHOLD = 5
const NOTHING = { invalid: null, exhausted: null, cooling: null, before: null }

/** How many failures the breaker counts, told by how many more open it. */
function chargesOf(pool: Pool, id: string, now: number): number {
  const state = pool.key(id) as NonNullable<ReturnType<Pool['key']>>
  let more = 0
  while (pool.passes(MODEL, now) && more < THRESHOLD) {
    pool.charge([new Mark(pool, state, MODEL, 'rate', NOTHING)], now)
    more++
  }
  return THRESHOLD - more
}
