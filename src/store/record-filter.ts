import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { BalanceError } from '../base/errors.ts'
import { printable } from '../base/text.ts'
import type { RecordFilter } from '../model/record.ts'
import { cut } from './record-rows.ts'

/**
 * What a filter asks of the rows of a log table, as one condition. A failed attempt has its own
 * provider, key, model and status; its token and path are those of its exchange.
 * @throws BalanceError invalid_value
 */
export function matching(
  table: 'exchanges' | 'failures',
  filter: RecordFilter,
): RawBuilder<SqlBool> {
  const conditions: RawBuilder<unknown>[] = [sql`1 = 1`]
  const column = (name: string, of = table) => sql.ref(`${of}.${name}`)
  const equal = (name: string, value: string | undefined, of?: 'exchanges') => {
    if (value !== undefined) conditions.push(sql`${column(name, of)} = ${cut(String(value))}`)
  }
  equal('provider', filter.provider)
  equal('key_id', filter.key)
  equal('request_id', filter.requestId)
  equal('token', filter.token, 'exchanges')
  if (filter.model !== undefined) {
    const model = cut(String(filter.model))
    const asked = sql`${column('model')} = ${model}`
    const served = sql`exchanges.model_served = ${model}`
    conditions.push(table === 'exchanges' ? sql`(${asked} or ${served})` : asked)
  }
  if (filter.path !== undefined) {
    // Not LIKE: it has wildcards to escape, and on SQLite it takes capitals for small letters.
    const path = cut(String(filter.path))
    conditions.push(sql`substr(exchanges.path, 1, ${[...path].length}) = ${path}`)
  }
  if (filter.status !== undefined) {
    const [least, most] = statusRange(String(filter.status))
    conditions.push(sql`${column('status')} between ${least} and ${most}`)
  }
  if (filter.since !== undefined) conditions.push(sql`${column('time')} >= ${filter.since}`)
  if (filter.until !== undefined) conditions.push(sql`${column('time')} <= ${filter.until}`)
  return sql<SqlBool>`${sql.join(conditions, sql` and `)}`
}

/** How many rows a query may give. */
export function checkLimit(limit: number): number {
  if (Number.isSafeInteger(limit) && limit >= 1) return limit
  throw new BalanceError('invalid_value', 'limit: must be a whole number from 1.')
}

function statusRange(status: string): readonly [least: number, most: number] {
  if (status === 'error') return [400, 999]
  if (/^[1-9]\d\d$/.test(status)) return [Number(status), Number(status)]
  if (/^[1-5]xx$/i.test(status)) return [Number(status[0]) * 100, Number(status[0]) * 100 + 99]
  throw new BalanceError('invalid_value', `"${printable(status, 40)}" is no status to look for.`, {
    hint: 'Write 429, a class like 5xx, or error.',
  })
}
