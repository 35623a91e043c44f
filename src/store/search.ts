import { nextTurn } from '../base/clock.ts'
import type { RecordFilter } from '../model/record.ts'
import type { Engine } from './dialect.ts'

/** Ids that one statement looks through, some 20 ms of an engine's work. */
export const WINDOW = 20_000

interface Search<Row> {
  readonly table: 'exchanges' | 'failures'
  readonly filter: RecordFilter
  readonly limit: number
  /** Only rows with a smaller id. */
  readonly before: number | undefined
  /** The newest `limit` rows that fit, of those with these ids, the newest first. */
  find(ids: IdRange, limit: number): Promise<Row[]>
}

/** Null: as far as there are any. */
export interface IdRange {
  readonly from: number | null
  readonly below: number | null
}

/**
 * The newest rows of a log table that fit. What fits seldom or never has all of the table read, which
 * may take seconds: so it is read in windows, between which others have the engine. A single statement
 * would hold up the store's thread on SQLite, and be given up as too slow on MySQL.
 */
export async function searchBack<Row>(engine: Engine, search: Search<Row>): Promise<Row[]> {
  const { table, filter, limit, before = null, find } = search
  if (isFoundAtOnce(filter)) return find({ from: null, below: before }, limit)
  const ends = await endsOf(engine, table)
  if (ends === null) return []
  const found: Row[] = []
  let below = before === null ? ends.last + 1 : Math.min(before, ends.last + 1)
  while (below > ends.first && found.length < limit) {
    const from = below - WINDOW
    found.push(...(await find({ from, below }, limit - found.length)))
    below = from
    // SQLite's statements block the thread, and promises alone would let nobody in between them.
    await nextTurn()
  }
  return found
}

/** Every row fits, or an index has those that do. */
function isFoundAtOnce({ requestId, ...others }: RecordFilter): boolean {
  return requestId !== undefined || Object.values(others).every(value => value === undefined)
}

/** The lowest and the highest id; null where there is no row. */
async function endsOf(engine: Engine, table: 'exchanges' | 'failures') {
  const end = (order: 'asc' | 'desc') =>
    engine.queryLog(db =>
      db.selectFrom(table).select('id').orderBy('id', order).limit(1).executeTakeFirst(),
    )
  const [first, last] = [await end('asc'), await end('desc')]
  return first && last ? { first: first.id, last: last.id } : null
}
