import { type Kysely, type SqlBool, sql } from 'kysely'
import type { KeyMemory } from '../model/catalog.ts'
import { mergeMemories } from '../model/key-memory.ts'
import { HEARD_WITHIN_MS } from '../model/node.ts'
import type { Store } from '../model/store.ts'
import { learn, readHeads } from './change.ts'
import { readJson } from './json.ts'
import { readOutages } from './outages.ts'
import type { StoreParts } from './parts.ts'
import { cut } from './record-rows.ts'
import { slices } from './slices.ts'
import type { MemoryRow, Tables } from './tables.ts'

type MemoryVerbs = Pick<Store, 'memories' | 'remember' | 'learnedSince'>

export function memoryVerbs({ engine }: StoreParts): MemoryVerbs {
  return {
    async memories() {
      const list = await engine.query(readMemories)
      return new Map(list.map(memory => [memory.keyId, memory]))
    },

    async remember(memories, node) {
      const latest = [...new Map(memories.map(memory => [memory.keyId, memory])).values()]
      if (latest.length === 0) return
      await learn(engine, async (db, number) => {
        let learned = false
        for (const slice of slices(latest)) {
          if (await replace(db, slice, number, node === undefined ? null : cut(node)))
            learned = true
        }
        return learned
      })
    },

    learnedSince: (number, notNode) =>
      engine.snapshot(async db => {
        const { learned } = await readHeads(db)
        const memories = await readMemories(db, number, notNode)
        return { learned, memories, outages: await readOutages(db, number) }
      }),
  }
}

/** What was learned under each key's present generation, all of it or since this number. */
export async function readMemories(
  db: Kysely<Tables>,
  since = 0,
  notNode?: string,
): Promise<KeyMemory[]> {
  let query = db
    .selectFrom('memories')
    .innerJoin('provider_keys', join =>
      join
        .onRef('provider_keys.id', '=', 'memories.key_id')
        .onRef('provider_keys.generation', '=', 'memories.generation'),
    )
    .selectAll('memories')
    .where('memories.number', '>', since)
    .orderBy('memories.key_id')
  if (notNode !== undefined) query = query.where(isOthers(cut(notNode)))
  return (await query.execute()).map(memoryOf)
}

/** Whether any of them was still worth knowing. */
async function replace(
  db: Kysely<Tables>,
  memories: readonly KeyMemory[],
  number: number,
  node: string | null,
): Promise<boolean> {
  const ids = memories.map(({ keyId }) => keyId)
  const keys = await db
    .selectFrom('provider_keys')
    .select(['id', 'generation'])
    .where('id', 'in', ids)
    .execute()
  const generations = new Map(keys.map(({ id, generation }) => [id, generation]))
  const present = memories.filter(({ keyId, generation }) => generations.get(keyId) === generation)
  if (present.length === 0) return false
  const unheard = node === null ? NOBODYS : await readUnheard(db, present, node)
  const rows = present.map(memory => {
    const other = unheard.get(memory.keyId)
    // As one it is news to either.
    return other ? rowOf(mergeMemories(other, memory), number, null) : rowOf(memory, number, node)
  })
  const kept = rows.map(({ key_id }) => key_id)
  await db.deleteFrom('memories').where('key_id', 'in', kept).execute()
  await db.insertInto('memories').values(rows).execute()
  return true
}

const NOBODYS: ReadonlyMap<string, KeyMemory> = new Map()

/** What other nodes learned of these keys so recently that this one cannot know of it. */
async function readUnheard(
  db: Kysely<Tables>,
  memories: readonly KeyMemory[],
  node: string,
): Promise<ReadonlyMap<string, KeyMemory>> {
  const times = memories.map(({ savedAt }) => savedAt)
  const rows = await db
    .selectFrom('memories')
    .selectAll()
    .where(
      'key_id',
      'in',
      memories.map(({ keyId }) => keyId),
    )
    .where(isOthers(node))
    .where('saved_at', '>=', Math.min(...times) - HEARD_WITHIN_MS)
    .execute()
  const others = new Map(rows.map(row => [row.key_id, memoryOf(row)]))
  for (const { keyId, generation, savedAt } of memories) {
    const other = others.get(keyId)
    if (other?.generation !== generation || other.savedAt < savedAt - HEARD_WITHIN_MS)
      others.delete(keyId)
  }
  return others
}

function isOthers(node: string) {
  return sql<SqlBool>`(memories.node is null or memories.node != ${node})`
}

function rowOf(memory: KeyMemory, number: number, node: string | null): MemoryRow {
  const { keyId, generation, savedAt, ...learned } = memory
  const text = JSON.stringify(learned)
  return { key_id: keyId, generation, number, learned: text, saved_at: savedAt, node }
}

function memoryOf(row: MemoryRow): KeyMemory {
  const learned = readJson<Omit<KeyMemory, 'keyId' | 'generation' | 'savedAt'>>(
    row.learned,
    `What was learned about key ${row.key_id}`,
  )
  return { ...learned, keyId: row.key_id, generation: row.generation, savedAt: row.saved_at }
}
