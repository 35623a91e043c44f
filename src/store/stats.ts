import type { ExpressionBuilder } from 'kysely'
import type { StatsQuery, StatsRow, UsageSums } from '../model/record.ts'
import type { Store } from '../model/store.ts'
import type { Engine } from './dialect.ts'
import type { StoreParts } from './parts.ts'
import { HOUR, hourOf, NOBODY } from './rollups.ts'
import { slices } from './slices.ts'
import type { Tables } from './tables.ts'

export function statsVerbs({ engine }: StoreParts): Pick<Store, 'stats' | 'keyUsage'> {
  return {
    async stats(query) {
      if (query.by === 'hour') {
        const rows = await readSums(engine, query, 'provider', 'hour')
        return rows.map(row => statsRow(row, new Date(Number(row.group)).toISOString()))
      }
      const rows = await readSums(engine, query, query.by, 'name')
      return rows
        .map(row => statsRow(row, row.group === NOBODY ? null : String(row.group)))
        .sort((a, b) => b.requests - a.requests)
    },

    /** Hour by hour: the names of an hour lie side by side, so a range would read those of all keys. */
    async keyUsage(id, since, until) {
      const hours: number[] = []
      for (let hour = hourOf(since); hour < until; hour += HOUR) hours.push(hour)
      const rows: RollupSums[] = []
      for (const slice of slices(hours)) {
        const own = engine.queryLog(db =>
          db
            .selectFrom('rollups')
            .select(sumsOf)
            .where('dimension', '=', 'key')
            .where('hour', 'in', slice)
            .where('name', '=', id)
            .executeTakeFirstOrThrow(),
        )
        rows.push(await own)
      }
      return usageOf(rows)
    },
  }
}

/** In the order of what they are grouped by. */
function readSums(
  engine: Engine,
  { since, until }: StatsQuery,
  dimension: string,
  group: 'hour' | 'name',
) {
  return engine.queryLog(db =>
    db
      .selectFrom('rollups')
      .select(builder => [builder.ref(group).as('group'), ...sumsOf(builder)])
      .where('dimension', '=', dimension)
      .where('hour', '>=', hourOf(since))
      .where('hour', '<', until)
      .groupBy(group)
      .orderBy(group)
      .execute(),
  )
}

/** What a query for {@link usageOf} selects. */
export function sumsOf({ fn }: ExpressionBuilder<Tables, 'rollups'>) {
  return [
    fn.sum('requests').as('requests'),
    fn.sum('errors').as('errors'),
    fn.sum('attempts').as('attempts'),
    fn.sum('prompt_tokens').as('prompt'),
    fn.sum('cached_tokens').as('cached'),
    fn.sum('completion_tokens').as('completion'),
    fn.sum('reasoning_tokens').as('reasoning'),
    fn.sum('ms').as('ms'),
  ] as const
}

const SUMS = [
  'requests',
  'errors',
  'attempts',
  'prompt',
  'cached',
  'completion',
  'reasoning',
  'ms',
] as const

/** MySQL gives sums of integers as text; a sum of nothing is null. */
type RollupSums = Readonly<Record<(typeof SUMS)[number], string | number | bigint | null>>

function statsRow(row: RollupSums, group: string | null): StatsRow {
  return { group, ...usageOf([row]) }
}

/** Sums of sums. */
export function usageOf(rows: readonly RollupSums[]): UsageSums {
  const total = (name: (typeof SUMS)[number]) =>
    rows.reduce((sum, row) => sum + Number(row[name] ?? 0), 0)
  const requests = total('requests')
  return {
    requests,
    errors: total('errors'),
    attempts: total('attempts'),
    promptTokens: total('prompt'),
    cachedTokens: total('cached'),
    completionTokens: total('completion'),
    reasoningTokens: total('reasoning'),
    ms: requests === 0 ? 0 : total('ms') / requests,
  }
}
