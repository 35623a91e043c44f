import { BalanceError } from '../base/errors.ts'
import { parsePast } from '../model/moment.ts'
import type { StatsGroup, StatsQuery } from '../model/record.ts'

/** What sums are asked for, as somebody wrote it. */
export interface WantedStats {
  readonly by: StatsGroup
  readonly since: string
  /** Now unless given. */
  readonly until?: string
}

/** @throws BalanceError invalid_value */
export function readStatsQuery({ by, since, until }: WantedStats, wall: number): StatsQuery {
  const query = {
    by,
    since: parsePast(since, wall),
    until: until === undefined ? wall : parsePast(until, wall),
  }
  if (query.since < query.until) return query
  throw new BalanceError('invalid_value', `since is not before ${until ?? 'now'}.`, {
    hint: 'Write how long ago (2h, 7d), or a time like 2026-01-31T14:00Z.',
  })
}
