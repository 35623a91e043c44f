import { sql } from 'kysely'
import { type KeyFaults, MOST_FAULTED, MOST_FAULTS, type TrafficRow } from '../model/record.ts'
import type { Store } from '../model/store.ts'
import { median } from './first-token-times.ts'
import type { StoreParts } from './parts.ts'
import { FIRST_TOKENS, SERIES, stepOf } from './rollups.ts'
import { sumsOf, usageOf } from './stats.ts'

/** What a page that shows how it goes asks for every few seconds. */
export function trafficVerbs({ engine }: StoreParts): Pick<Store, 'traffic' | 'faults'> {
  return {
    async traffic({ step, since, until }) {
      const first = stepOf(since, step)
      const sums = await engine.queryLog(db =>
        db
          .selectFrom('rollups')
          .select(builder => [builder.ref('hour').as('time'), ...sumsOf(builder)])
          .where('dimension', '=', SERIES[step])
          .where('hour', '>=', first)
          .where('hour', '<', until)
          .groupBy('hour')
          .orderBy('hour')
          .execute(),
      )
      const times = await engine.queryLog(db =>
        db
          .selectFrom('rollups')
          .select(['hour', 'name', 'requests'])
          .where('dimension', '=', FIRST_TOKENS[step])
          .where('hour', '>=', first)
          .where('hour', '<', until)
          .execute(),
      )
      const counts = new Map<number, Map<string, number>>()
      for (const { hour, name, requests } of times) {
        const own = counts.get(hour) ?? new Map<string, number>()
        counts.set(hour, own.set(name, requests))
      }
      return sums.map(
        (row): TrafficRow => ({
          time: row.time,
          ...usageOf([row]),
          firstTokenMs: median(counts.get(row.time) ?? new Map()),
        }),
      )
    },

    /** By the index that has all of it, newest first: the failed attempts themselves are not read. */
    async faults(since) {
      const newest = sql`(select time, key_id, fault from failures where time >= ${since}
        order by time desc limit ${MOST_FAULTS}) newest`
      const { rows } = await engine.queryLog(db =>
        sql<FaultRow>`
          select key_id, min(time) as oldest, count(*) as failed,
            sum(fault = 'rate') as rate, sum(fault = 'auth') as auth, sum(fault = 'quota') as quota
          from ${newest} group by key_id order by count(*) desc, key_id limit ${MOST_FAULTED}`.execute(
          db,
        ),
      )
      const counted = rows.reduce((sum, { failed }) => sum + Number(failed), 0)
      const oldest = Math.min(...rows.map(row => Number(row.oldest)))
      return {
        since: counted < MOST_FAULTS ? since : oldest,
        keys: rows.map(faultsOf),
      }
    },
  }
}

/** Sums come as text from MySQL. */
interface FaultRow {
  readonly key_id: string
  readonly oldest: number | string
  readonly failed: number | string
  readonly rate: number | string
  readonly auth: number | string
  readonly quota: number | string
}

function faultsOf(row: FaultRow): KeyFaults {
  const [rate, auth, quota] = [Number(row.rate), Number(row.auth), Number(row.quota)]
  return { keyId: row.key_id, rate, auth, quota, other: Number(row.failed) - rate - auth - quota }
}
