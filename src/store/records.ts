import { BalanceError } from '../base/errors.ts'
import { printable } from '../base/text.ts'
import type { ImportedHeads, StoredExchange } from '../model/record.ts'
import type { Store } from '../model/store.ts'
import { type Engine, FOR_EVER } from './dialect.ts'
import type { StoreParts } from './parts.ts'
import { checkLimit, matching } from './record-filter.ts'
import { cut, failureValues, logEntry, storedExchange, storedFailure } from './record-rows.ts'
import { Rollups } from './rollups.ts'
import { type IdRange, searchBack } from './search.ts'
import { slices } from './slices.ts'
import type { ExchangeRow } from './tables.ts'

type RecordVerbs = Pick<
  Store,
  'record' | 'importLog' | 'importedHeads' | 'records' | 'recordOf' | 'failures'
>

export function recordVerbs({ engine, clock }: StoreParts): RecordVerbs {
  const rollups = new Rollups()
  return {
    async record(batch, node, id) {
      if (batch.length === 0) return
      const name = cut(node)
      await engine.append({
        entries: batch.map(record => logEntry(record, name)),
        loose: [],
        oldest: null,
        rollups: rollups.of(batch, clock.wall()),
        mark: id === undefined ? null : { node: name, id, time: clock.wall() },
      })
    },

    async importLog(source, { exchanges, failures, after, heads }) {
      const node = cut(source)
      const written = await engine.append({
        entries: exchanges.map(record => logEntry(record, node)),
        loose: failures.map(failure => failureValues(failure, cut(failure.requestId))),
        oldest: { exchanges: oldestOf(exchanges), failures: oldestOf(failures) },
        rollups: rollups.of(exchanges, clock.wall()),
        mark: {
          node,
          id: `${heads.requests}:${heads.failures}`,
          time: FOR_EVER,
          after: headsId(after),
        },
      })
      return { written, heads: written ? heads : await importedHeads(engine, node) }
    },

    importedHeads: source => importedHeads(engine, cut(source)),

    async records({ limit, before, after, notNode, ...filter }) {
      const condition = matching('exchanges', filter)
      const most = checkLimit(limit)
      const find = ({ from, below }: IdRange, rows: number) =>
        engine.queryLog(db => {
          let query = db.selectFrom('exchanges').selectAll().where(condition).limit(rows)
          if (notNode !== undefined) query = query.where('node', '!=', cut(notNode))
          if (below !== null) query = query.where('id', '<', below)
          if (from !== null) query = query.where('id', '>=', from)
          return query.orderBy('id', after === undefined ? 'desc' : 'asc').execute()
        })
      const rows =
        after === undefined
          ? await searchBack(engine, { table: 'exchanges', filter, limit: most, before, find })
          : await find({ from: after + 1, below: before ?? null }, most)
      return labelled(engine, rows)
    },

    async recordOf(id) {
      const row = await findExchange(engine, String(id))
      const [exchange] = await labelled(engine, [row])
      const failures = await engine.queryLog(db =>
        db
          .selectFrom('failures')
          .selectAll()
          .where('exchange_id', '=', row.id)
          .orderBy('id')
          .execute(),
      )
      return { exchange: exchange as StoredExchange, failures: failures.map(storedFailure) }
    },

    async failures({ limit, before, ...filter }) {
      const condition = matching('failures', filter)
      const find = ({ from, below }: IdRange, rows: number) =>
        engine.queryLog(db => {
          // Left: exchanges may be pruned before their failures are.
          let query = db
            .selectFrom('failures')
            .leftJoin('exchanges', 'exchanges.id', 'failures.exchange_id')
            .selectAll('failures')
            .where(condition)
            .limit(rows)
          if (below !== null) query = query.where('failures.id', '<', below)
          if (from !== null) query = query.where('failures.id', '>=', from)
          return query.orderBy('failures.id', 'desc').execute()
        })
      const most = checkLimit(limit)
      const search = { table: 'failures', filter, limit: most, before, find } as const
      return (await searchBack(engine, search)).map(storedFailure)
    },
  }
}

async function importedHeads(engine: Engine, node: string): Promise<ImportedHeads> {
  const row = await engine.queryLog(db =>
    db.selectFrom('batches').select('id').where('node', '=', node).executeTakeFirst(),
  )
  const [requests = 0, failures = 0] = row?.id.split(':').map(Number) ?? []
  return { requests, failures }
}

function oldestOf(rows: readonly { readonly time: number }[]): number {
  return Math.min(...rows.map(({ time }) => time))
}

/** Null where nothing was imported. */
function headsId({ requests, failures }: ImportedHeads): string | null {
  return requests === 0 && failures === 0 ? null : `${requests}:${failures}`
}

/** By its number, else the newest of this request id (clients choose those, and may repeat them). */
async function findExchange(engine: Engine, id: string): Promise<ExchangeRow> {
  const row = await engine.queryLog(async db => {
    const query = db.selectFrom('exchanges').selectAll()
    const number = /^\d{1,15}$/.test(id)
      ? await query.where('id', '=', Number(id)).executeTakeFirst()
      : undefined
    if (number) return number
    return query.where('request_id', '=', cut(id)).orderBy('id', 'desc').limit(1).executeTakeFirst()
  })
  if (row) return row
  throw new BalanceError('no_such', `There is no record "${printable(id, 80)}".`, {
    hint: 'See balance logs list.',
  })
}

/** The labels are in another file where the engine is SQLite, so they are looked up, not joined. */
async function labelled(engine: Engine, rows: readonly ExchangeRow[]): Promise<StoredExchange[]> {
  const ids = new Set<string>()
  for (const { key_id } of rows) if (key_id !== null) ids.add(key_id)
  const labels = new Map<string, string>()
  for (const slice of slices([...ids])) {
    const keys = await engine.query(db =>
      db.selectFrom('provider_keys').select(['id', 'label']).where('id', 'in', slice).execute(),
    )
    for (const { id, label } of keys) labels.set(id, label)
  }
  return rows.map(row => storedExchange(row, labels.get(row.key_id ?? '') ?? null))
}
