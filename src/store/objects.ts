import type { Kysely } from 'kysely'
import { OBJECT_KEPT_MS, type ObjectName, type StoredObject } from '../model/object.ts'
import type { Store } from '../model/store.ts'
import type { StoreParts } from './parts.ts'
import { slices } from './slices.ts'
import type { ObjectRow, Tables } from './tables.ts'

type ObjectVerbs = Pick<
  Store,
  'rememberObjects' | 'findObjects' | 'newestObjects' | 'countObjects' | 'pruneObjects'
>

/** Rows that one call of `pruneObjects` removes at most. */
const PRUNED = 250

/** Which key an object lives with is learned from traffic, and no change: no revision, no audit. */
export function objectVerbs({ engine }: StoreParts): ObjectVerbs {
  return {
    async rememberObjects({ made, gone }) {
      if (made.length === 0 && gone.length === 0) return
      await engine.write(async db => {
        for (const slice of slices(made)) await write(db, slice)
        for (const slice of slices(gone)) await remove(db, slice)
      })
    },

    findObjects: ids => engine.query(async db => (await read(db, ids)).map(objectOf)),

    newestObjects: most =>
      engine.query(async db => {
        const rows = await db
          .selectFrom('objects')
          .selectAll()
          .orderBy('used_at', 'desc')
          .limit(most)
          .execute()
        return rows.reverse().map(objectOf)
      }),

    countObjects: keyId => engine.query(db => count(db, keyId)),

    pruneObjects: most =>
      engine.write(async db => {
        const now = await engine.wall(db)
        const old = await oldest(db, now - OBJECT_KEPT_MS)
        if (old.length > 0) return remove(db, old)
        const surplus = (await count(db)) - most
        return surplus > 0 ? remove(db, await oldest(db, now, surplus)) : 0
      }),
  }
}

async function write(db: Kysely<Tables>, made: readonly StoredObject[]): Promise<void> {
  const keys = await db
    .selectFrom('provider_keys')
    .select('id')
    .where('id', 'in', [...new Set(made.map(({ keyId }) => keyId))])
    .execute()
  const present = new Set(keys.map(({ id }) => id))
  const fresh = made.filter(({ keyId }) => present.has(keyId))
  if (fresh.length === 0) return
  const ids = fresh.map(({ id }) => id)
  const rows = new Map((await read(db, ids)).map(row => [nameOf(row), row]))
  for (const object of fresh) {
    const row = rowOf(object)
    const first = rows.get(nameOf(row)) ?? row
    rows.set(nameOf(row), { ...first, used_at: Math.max(first.used_at, row.used_at) })
  }
  await db.deleteFrom('objects').where('id', 'in', ids).execute()
  for (const slice of slices([...rows.values()])) {
    await db.insertInto('objects').values(slice).execute()
  }
}

async function read(db: Kysely<Tables>, ids: readonly string[]): Promise<ObjectRow[]> {
  const rows: ObjectRow[] = []
  for (const slice of slices(ids)) {
    rows.push(...(await db.selectFrom('objects').selectAll().where('id', 'in', slice).execute()))
  }
  return rows
}

async function remove(db: Kysely<Tables>, gone: readonly ObjectName[]): Promise<number> {
  const ofProvider = new Map<string, string[]>()
  for (const { id, providerId } of gone) {
    ofProvider.set(providerId, [...(ofProvider.get(providerId) ?? []), id])
  }
  for (const [providerId, ids] of ofProvider) {
    await db
      .deleteFrom('objects')
      .where('id', 'in', ids)
      .where('provider_id', '=', providerId)
      .execute()
  }
  return gone.length
}

/** What was used before a time, as much as one call removes. */
async function oldest(db: Kysely<Tables>, before: number, most = PRUNED): Promise<ObjectName[]> {
  const rows = await db
    .selectFrom('objects')
    .selectAll()
    .where('used_at', '<', before)
    .orderBy('used_at')
    .limit(Math.min(most, PRUNED))
    .execute()
  return rows.map(objectOf)
}

async function count(db: Kysely<Tables>, keyId?: string): Promise<number> {
  let query = db.selectFrom('objects').select(({ fn }) => fn.countAll().as('rows'))
  if (keyId !== undefined) query = query.where('key_id', '=', keyId)
  return Number((await query.executeTakeFirstOrThrow()).rows)
}

function nameOf({ id, provider_id }: ObjectRow): string {
  return `${provider_id} ${id}`
}

function rowOf({ id, providerId, keyId, tokenId, usedAt }: StoredObject): ObjectRow {
  return { id, provider_id: providerId, key_id: keyId, token_id: tokenId, used_at: usedAt }
}

function objectOf(row: ObjectRow): StoredObject {
  return {
    id: row.id,
    providerId: row.provider_id,
    keyId: row.key_id,
    tokenId: row.token_id,
    usedAt: row.used_at,
  }
}
