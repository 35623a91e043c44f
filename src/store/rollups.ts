import {
  type ExchangeRecord,
  STATS_GROUPS,
  type StatsGroup,
  type TrafficStep,
} from '../model/record.ts'
import { classOf } from './first-token-times.ts'
import { cut } from './record-rows.ts'
import type { RollupRow } from './tables.ts'

/** What sums are kept by; those of an hour as a whole are the sums over any one of them. */
export type Dimension = Exclude<StatsGroup, 'hour'>
export const DIMENSIONS: readonly Dimension[] = STATS_GROUPS.filter(group => group !== 'hour')

/** In place of a name where there was none: no text that was made printable has it. */
export const NOBODY = '\n'
/** Stands for all models of an hour beyond the first {@link MOST_MODELS}. */
export const OTHERS = '…'
/** Clients may ask for any model they can think of; all other names are the owner's. */
export const MOST_MODELS = 1_000

export const HOUR = 3_600_000
const MINUTE = 60_000
/** Records come late by as much as their exchange took. */
const HOURS_REMEMBERED = 3

/** Further sums are by time alone: of all requests, and how many had which time to the first token. */
export const SERIES = { minute: 'minute', hour: 'provider' } as const
export const FIRST_TOKENS = { minute: 'ttft_m', hour: 'ttft_h' } as const
/** How far back they can be asked for, ms. */
const ASKED_FOR = { minute: 2 * HOUR, hour: 8 * 24 * HOUR } as const
/** What of them goes when nobody can ask for it any more. */
export const KEPT: readonly (readonly [dimension: string, ms: number])[] = [
  [SERIES.minute, ASKED_FOR.minute],
  [FIRST_TOKENS.minute, ASKED_FOR.minute],
  [FIRST_TOKENS.hour, ASKED_FOR.hour],
]

export const ROLLUP_KEY = [
  'dimension',
  'hour',
  'name',
] as const satisfies readonly (keyof RollupRow)[]

export const ROLLUP_SUMS = [
  'requests',
  'errors',
  'attempts',
  'prompt_tokens',
  'cached_tokens',
  'completion_tokens',
  'reasoning_tokens',
  'ms',
] as const satisfies readonly (keyof RollupRow)[]

export const ROLLUP_COLUMNS = [...ROLLUP_KEY, ...ROLLUP_SUMS] as const

/** What is to be added, as values in the order of {@link ROLLUP_COLUMNS}. */
export type RollupValues = readonly (string | number)[]

/** The beginning of the hour that a time lies in; both in ms since the epoch. */
export function hourOf(time: number): number {
  return stepOf(time, 'hour')
}

export function stepOf(time: number, step: TrafficStep): number {
  return time - (time % (step === 'hour' ? HOUR : MINUTE))
}

/**
 * Sums batches of records before they are written: by provider, by key, by token and by model,
 * each by itself, so that what an hour takes grows with their sum and not with their product.
 */
export class Rollups {
  readonly #models = new ModelNames()

  /** @param wall now, ms since the epoch: minutes that nobody can ask for are not counted */
  of(batch: readonly ExchangeRecord[], wall: number): RollupValues[] {
    const hours = new Map<number, HourSums>()
    for (const record of batch) {
      const hour = hourOf(record.time)
      let sums = hours.get(hour)
      if (!sums) {
        sums = new HourSums()
        hours.set(hour, sums)
      }
      sums.add(record)
    }
    // All nodes in the same order: they would wait for each other's rows crosswise.
    const inOrder = [...hours].sort(([a], [b]) => a - b)
    return [
      ...inOrder.flatMap(([hour, sums]) => this.#values(hour, sums)),
      ...seriesOf(batch, wall),
    ]
  }

  #values(hour: number, { provider, key, token, model }: HourSums): RollupValues[] {
    const modelName = (name: string | null) => this.#models.admit(hour, printed(name))
    return [
      ...valuesOf('provider', hour, provider, printed),
      ...valuesOf('key', hour, key, printed),
      ...valuesOf('token', hour, token, printed),
      ...valuesOf('model', hour, model, modelName),
    ]
  }
}

class HourSums {
  readonly provider: SumsByName = new Map()
  readonly key: SumsByName = new Map()
  readonly token: SumsByName = new Map()
  readonly model: SumsByName = new Map()

  add(record: ExchangeRecord): void {
    sumsOf(this.provider, record.provider).count(record)
    sumsOf(this.key, record.keyId).count(record)
    sumsOf(this.token, record.token).count(record)
    sumsOf(this.model, record.model).count(record)
  }
}

/** Sums by time alone, in the same order on all nodes. */
function seriesOf(batch: readonly ExchangeRecord[], wall: number): RollupValues[] {
  const series = new Map<string, SumsByTime>(KEPT.map(([dimension]) => [dimension, new Map()]))
  const sums = (dimension: string, time: number, name: string) => {
    const byTime = series.get(dimension) as SumsByTime
    const byName = byTime.get(time) ?? new Map()
    byTime.set(time, byName)
    return sumsOf(byName, name)
  }
  for (const record of batch) {
    for (const step of ['minute', 'hour'] as const) {
      const time = stepOf(record.time, step)
      if (wall - time > ASKED_FOR[step]) continue
      if (step === 'minute') sums(SERIES.minute, time, '').count(record)
      if (record.firstTokenMs !== null) {
        sums(FIRST_TOKENS[step], time, classOf(record.firstTokenMs)).requests++
      }
    }
  }
  return [...series].flatMap(([dimension, byTime]) =>
    [...byTime]
      .sort(([a], [b]) => a - b)
      .flatMap(([time, byName]) => valuesOf(dimension, time, byName, String)),
  )
}

/** By the beginning of a step. */
type SumsByTime = Map<number, SumsByName>

type SumsByName = Map<string | null, Sums>

class Sums {
  requests = 0
  errors = 0
  attempts = 0
  prompt = 0
  cached = 0
  completion = 0
  reasoning = 0
  ms = 0

  count(record: ExchangeRecord): void {
    this.requests++
    // A stream that broke off had its 200 before.
    if (record.status >= 400 || record.outcome !== 'ok') this.errors++
    this.attempts += record.attempts
    this.prompt += record.promptTokens ?? 0
    this.cached += record.cachedTokens ?? 0
    this.completion += record.completionTokens ?? 0
    this.reasoning += record.reasoningTokens ?? 0
    this.ms += record.ms
  }

  add(other: Sums): void {
    this.requests += other.requests
    this.errors += other.errors
    this.attempts += other.attempts
    this.prompt += other.prompt
    this.cached += other.cached
    this.completion += other.completion
    this.reasoning += other.reasoning
    this.ms += other.ms
  }

  /** In the order of {@link ROLLUP_SUMS}. */
  values(): number[] {
    const { requests, errors, attempts, prompt, cached, completion, reasoning, ms } = this
    return [requests, errors, attempts, prompt, cached, completion, reasoning, ms]
  }
}

function sumsOf(byName: SumsByName, name: string | null): Sums {
  const known = byName.get(name)
  if (known) return known
  const sums = new Sums()
  byName.set(name, sums)
  return sums
}

/** Each name once, as it is stored: several may have become one. */
function valuesOf(
  dimension: string,
  hour: number,
  given: SumsByName,
  nameOf: (name: string | null) => string,
): RollupValues[] {
  const stored = new Map<string, Sums>()
  for (const [raw, sums] of given) {
    const name = nameOf(raw)
    const known = stored.get(name)
    if (known) known.add(sums)
    else stored.set(name, sums)
  }
  const inOrder = [...stored].sort(([a], [b]) => (a < b ? -1 : 1))
  return inOrder.map(([name, sums]) => [dimension, hour, name, ...sums.values()])
}

function printed(name: string | null): string {
  return name === null ? NOBODY : cut(name)
}

/** The models counted by name in each of the last hours. */
class ModelNames {
  readonly #hours = new Map<number, Set<string>>()

  /** The name itself while there is room for it. */
  admit(hour: number, name: string): string {
    const names = this.#of(hour)
    if (names.has(name)) return name
    if (names.size >= MOST_MODELS) return OTHERS
    names.add(name)
    return name
  }

  #of(hour: number): Set<string> {
    const known = this.#hours.get(hour)
    if (known) return known
    const names = new Set<string>()
    this.#hours.set(hour, names)
    if (this.#hours.size > HOURS_REMEMBERED) this.#hours.delete(Math.min(...this.#hours.keys()))
    return names
  }
}
