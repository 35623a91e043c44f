import type { Answer } from './answers.ts'
import { ALIAS, body, JSON_TRAFFIC, streamed, type Traffic } from './traffic.ts'

/** Load that every contender is given, in turns. */
export interface Scenario {
  readonly name: string
  readonly title: string
  readonly upstream: 'json' | 'paced'
  readonly traffic: Traffic
  readonly connections: number
  /** In each round. */
  readonly requests: number
  /** Begun each second; null: as fast as they are answered. */
  readonly rate: number | null
  /** What CPU is counted by. */
  readonly unit: 'request' | 'event' | 'chunk'
  /** What p50 and p99 are of: the whole answer, or its first byte. The upstream itself takes part too. */
  readonly latency: 'answer' | 'first' | null
  /** `all`: every contender; else those of this program only, balance also in the state of that name. */
  readonly who: 'all' | 'keys' | 'alias' | 'failing'
}

/** The two that are no rounds of requests: see crowds.ts and cold-start.ts. */
export const MANY_STREAMS = 'many-streams'
export const COLD_START = 'cold-start'

/** Events a second of one stream where many are open at once: 20, but no more than the driver's core can send. */
export function paceOf(streams: number): number {
  return Math.max(50, Math.ceil(streams / 20 / 5) * 5)
}

/** @param quick a fraction of the requests: to see that everything works, not how fast */
export function scenarios(quick: boolean): readonly Scenario[] {
  const some = (full: number, brief: number) => (quick ? brief : full)
  const common = { rate: null, unit: 'request', latency: null, who: 'all' } as const
  const json = {
    ...common,
    upstream: 'json',
    traffic: JSON_TRAFFIC,
    connections: 64,
    requests: some(10_000, 400),
  } as const
  const bodies = (size: string, bytes: number, requests: number): readonly Scenario[] =>
    (['first', 'last'] as const).map(place => ({
      ...common,
      name: `body-${size}-${place}`,
      title: `Bodies of ${size === '2m' ? '2 MB' : '100 KB'}, the model ${place}`,
      upstream: 'paced',
      traffic: body(bytes, place === 'last'),
      connections: 4,
      requests,
    }))
  const stream = (answer: Answer) =>
    ({ ...common, upstream: 'paced', traffic: streamed(answer) }) as const
  return [
    { ...json, name: 'json', title: 'JSON chat, 1 KB either way, as fast as it goes' },
    {
      ...json,
      name: 'steady',
      title: 'JSON chat, 500 a second whatever is answered',
      connections: 16,
      requests: some(2_500, 50),
      rate: 500,
      latency: 'answer',
    },
    ...bodies('100k', 100_000, some(2_000, 40)),
    ...bodies('2m', 2_000_000, some(300, 8)),
    {
      ...stream({ kind: 'events', count: 40, pace: 5 }),
      name: 'stream',
      title: 'Event streams of 40 events, one each 5 ms',
      connections: 64,
      requests: some(640, 64),
      unit: 'event',
    },
    {
      ...stream({ kind: 'prompt', count: some(20, 2), pace: 50 }),
      name: 'first-event',
      title: '200 streams at a time, 200 begun each second: time to the first event',
      connections: 200,
      requests: some(1_000, 20),
      rate: 200,
      unit: 'event',
      latency: 'first',
    },
    {
      ...stream({ kind: 'prompt', count: 4, pace: 5 }),
      name: 'burst',
      title: '200 streams begun in the same moment: time to the first event',
      connections: 200,
      requests: 200,
      unit: 'event',
      latency: 'first',
    },
    {
      ...stream({ kind: 'bytes', count: 1, pace: 5 }),
      name: 'bytes',
      title: 'An answer in chunks of one byte, one each 5 ms',
      connections: 64,
      requests: some(256, 32),
      unit: 'chunk',
    },
    { ...json, name: 'keys', title: 'JSON chat, the key one of many', who: 'keys' },
    {
      ...json,
      name: 'alias',
      title: `JSON chat, the model replaced (${ALIAS} → ${JSON_TRAFFIC.model})`,
      who: 'alias',
    },
    {
      ...json,
      name: 'failing',
      title: 'JSON chat, two keys of ten answer 429 now and then, one 401',
      upstream: 'paced',
      who: 'failing',
    },
  ]
}

/** All names, in the order in which they run. */
export const SCENARIO_NAMES: readonly string[] = [
  ...scenarios(false).map(({ name }) => name),
  MANY_STREAMS,
  COLD_START,
]
