import type { Operator } from '../../control/api.ts'
import { KEY_CONDITIONS } from '../../control/operations/keys.ts'
import type {
  OVERVIEW,
  Overview,
  Range,
  TrafficShape,
  WorstKeyShape,
} from '../../control/operations/overview.ts'
import type { KeyCondition } from '../../model/catalog.ts'
import type { Faults, KeyFaults, TrafficRow, TrafficStep } from '../../model/record.ts'
import type { ProviderStatus } from '../../model/status.ts'
import { writeDown } from './log.ts'
import { type OperationParts, standing, statusesOf } from './parts.ts'

const MINUTE = 60_000
const HOUR = 3_600_000

interface Span {
  readonly step: TrafficStep
  /** ms. */
  readonly size: number
  readonly steps: number
}

/** The last step of each is the one that is under way. */
const SPANS: Readonly<Record<Range, Span>> = {
  '1h': { step: 'minute', size: MINUTE, steps: 60 },
  '24h': { step: 'hour', size: HOUR, steps: 24 },
  '7d': { step: 'hour', size: HOUR, steps: 168 },
}

const WORST = 10

/** How it goes, from sums: as cheap after a year of traffic as after a day. */
export function overviewOperations(parts: OperationParts): Pick<Operator, keyof typeof OVERVIEW> {
  const { store, clock, live } = parts
  return {
    async overview({ range }) {
      await writeDown(parts)
      const { step, size, steps } = SPANS[range]
      const until = clock.wall()
      const since = until - (until % size) - (steps - 1) * size
      const [status, rows, faults] = await Promise.all([
        live.status(),
        store.traffic({ step, since, until }),
        store.faults(since),
      ])
      const series = seriesOf(rows, since, SPANS[range])
      return {
        range,
        step_ms: size,
        series,
        totals: totalsOf(series),
        keys: keysOf(status.providers),
        worst_keys: worstOf(parts, faults),
        worst_since: new Date(faults.since).toISOString(),
        providers: status.providers,
        workers: status.workers,
        nodes: status.nodes,
      }
    },
  }
}

/** Steps without a request are there too. */
function seriesOf(rows: readonly TrafficRow[], since: number, { size, steps }: Span) {
  const byTime = new Map(rows.map(row => [row.time, row]))
  return Array.from({ length: steps }, (_, index): TrafficShape => {
    const time = since + index * size
    const row = byTime.get(time)
    return {
      time: new Date(time).toISOString(),
      requests: row?.requests ?? 0,
      errors: row?.errors ?? 0,
      prompt_tokens: row?.promptTokens ?? 0,
      completion_tokens: row?.completionTokens ?? 0,
      ttft_ms: row?.firstTokenMs ?? null,
      ms: row?.ms ?? null,
    }
  })
}

function totalsOf(series: readonly TrafficShape[]): Overview['totals'] {
  const sum = (name: keyof Overview['totals']) =>
    series.reduce((total, step) => total + step[name], 0)
  return {
    requests: sum('requests'),
    errors: sum('errors'),
    prompt_tokens: sum('prompt_tokens'),
    completion_tokens: sum('completion_tokens'),
  }
}

function keysOf(providers: readonly ProviderStatus[]): Record<KeyCondition, number> {
  const count = (state: KeyCondition) =>
    providers.reduce((total, { keys }) => total + keys[state], 0)
  return Object.fromEntries(KEY_CONDITIONS.map(state => [state, count(state)])) as Record<
    KeyCondition,
    number
  >
}

/** Of keys that were removed there is nothing to be done. */
function worstOf(parts: OperationParts, { keys }: Faults): WorstKeyShape[] {
  const present = new Map(standing(parts).keys.map(key => [key.id, key]))
  const worst = keys.filter(({ keyId }) => present.has(keyId)).slice(0, WORST)
  const rows = worst.flatMap(({ keyId }) => present.get(keyId) ?? [])
  return statusesOf(parts, rows).map(({ id, label, provider, masked, state }, index) => {
    const { rate, auth, quota, other } = worst[index] as KeyFaults
    return {
      ...{ key: id, label, provider, masked, state },
      ...{ rate_limited: rate, refused: auth, quota, other },
    }
  })
}
