import type { Operator } from '../../control/api.ts'
import { readFilter } from '../../control/log-filter.ts'
import type { LOG } from '../../control/operations/log.ts'
import { exchangeShape, failureShape } from '../../control/shapes/exchange.ts'
import { statsShape } from '../../control/shapes/stats.ts'
import { tryShapes } from '../../control/shapes/try.ts'
import { readStatsQuery } from '../../control/stats-query.ts'
import { type OperationParts, standing } from './parts.ts'

/** Whoever looks at the log wants to see what has just ended, as far as the store takes it. */
export function logOperations(parts: OperationParts): Pick<Operator, keyof typeof LOG> {
  const { store, clock } = parts
  return {
    async 'requests.list'({ limit, before, ...given }) {
      await writeDown(parts)
      const filter = await readFilter(store, given, clock.wall())
      return (await store.records({ ...filter, ...page(limit, before) })).map(exchangeShape)
    },

    async 'requests.show'({ id }) {
      await writeDown(parts)
      const { exchange, failures } = await store.recordOf(id)
      return {
        exchange: exchangeShape(exchange),
        failures: failures.map(failureShape),
        tries: tryShapes(exchange, failures),
      }
    },

    async 'errors.list'({ limit, before, ...given }) {
      await writeDown(parts)
      const filter = await readFilter(store, given, clock.wall())
      return (await store.failures({ ...filter, ...page(limit, before) })).map(failureShape)
    },

    async stats(given) {
      await writeDown(parts)
      const query = readStatsQuery(given, clock.wall())
      const keys = query.by === 'key' ? standing(parts).keys : []
      const labels = new Map<string | null, string>(keys.map(({ id, label }) => [id, label]))
      const sums = await store.stats(query)
      return sums.map(row => statsShape(row, labels.get(row.group) ?? null))
    },
  }
}

/** Has what waits written first; what the store does not take in good time is not waited for. */
export async function writeDown({ live }: OperationParts): Promise<void> {
  await live.flush().catch(() => {})
}

function page(limit: number, before: number | undefined) {
  return before === undefined ? { limit } : { limit, before }
}
