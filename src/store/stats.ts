import type { StatsQuery, StatsRow } from '../model/record.ts'
import type { Store } from '../model/store.ts'
import type { Engine } from './dialect.ts'
import type { StoreParts } from './parts.ts'
import { hourOf, NOBODY } from './rollups.ts'

export function statsVerbs({ engine }: StoreParts): Pick<Store, 'stats'> {
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
  }
}

type Sums = Awaited<ReturnType<typeof readSums>>[number]

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
      .select(({ ref, fn }) => [
        ref(group).as('group'),
        fn.sum('requests').as('requests'),
        fn.sum('errors').as('errors'),
        fn.sum('attempts').as('attempts'),
        fn.sum('prompt_tokens').as('prompt'),
        fn.sum('cached_tokens').as('cached'),
        fn.sum('completion_tokens').as('completion'),
        fn.sum('reasoning_tokens').as('reasoning'),
        fn.sum('ms').as('ms'),
      ])
      .where('dimension', '=', dimension)
      .where('hour', '>=', hourOf(since))
      .where('hour', '<', until)
      .groupBy(group)
      .orderBy(group)
      .execute(),
  )
}

/** MySQL gives sums of integers as text. */
function statsRow(sums: Sums, group: string | null): StatsRow {
  const requests = Number(sums.requests)
  return {
    group,
    requests,
    errors: Number(sums.errors),
    attempts: Number(sums.attempts),
    promptTokens: Number(sums.prompt),
    cachedTokens: Number(sums.cached),
    completionTokens: Number(sums.completion),
    reasoningTokens: Number(sums.reasoning),
    ms: Number(sums.ms) / requests,
  }
}
