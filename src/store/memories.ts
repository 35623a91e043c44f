import type { Kysely } from 'kysely'
import type { KeyMemory } from '../model/catalog.ts'
import type { Store } from '../model/store.ts'
import type { StoreParts } from './parts.ts'
import { slices } from './slices.ts'
import type { MemoryRow, Tables } from './tables.ts'

type MemoryVerbs = Pick<Store, 'memories' | 'remember'>

export function memoryVerbs({ engine }: StoreParts): MemoryVerbs {
  return {
    async memories() {
      const list = await engine.query(readMemories)
      return new Map(list.map(memory => [memory.keyId, memory]))
    },

    // Not a change: what gateways learn is no configuration, so no revision and no audit.
    async remember(memories) {
      const latest = [...new Map(memories.map(memory => [memory.keyId, memory])).values()]
      if (latest.length === 0) return
      await engine.write(async db => {
        for (const slice of slices(latest)) await replace(db, slice)
      })
    },
  }
}

/** What was learned under each key's present generation. */
export async function readMemories(db: Kysely<Tables>): Promise<KeyMemory[]> {
  const rows = await db
    .selectFrom('memories')
    .innerJoin('provider_keys', join =>
      join
        .onRef('provider_keys.id', '=', 'memories.key_id')
        .onRef('provider_keys.generation', '=', 'memories.generation'),
    )
    .selectAll('memories')
    .orderBy('memories.key_id')
    .execute()
  return rows.map(memoryOf)
}

async function replace(db: Kysely<Tables>, memories: readonly KeyMemory[]): Promise<void> {
  const ids = memories.map(({ keyId }) => keyId)
  const keys = await db
    .selectFrom('provider_keys')
    .select(['id', 'generation'])
    .where('id', 'in', ids)
    .execute()
  const generations = new Map(keys.map(({ id, generation }) => [id, generation]))
  const rows = memories
    .filter(({ keyId, generation }) => generations.get(keyId) === generation)
    .map(rowOf)
  if (rows.length === 0) return
  const kept = rows.map(({ key_id }) => key_id)
  await db.deleteFrom('memories').where('key_id', 'in', kept).execute()
  await db.insertInto('memories').values(rows).execute()
}

function rowOf(memory: KeyMemory): MemoryRow {
  const { keyId, generation, savedAt, ...learned } = memory
  return { key_id: keyId, generation, learned: JSON.stringify(learned), saved_at: savedAt }
}

function memoryOf(row: MemoryRow): KeyMemory {
  const learned = JSON.parse(row.learned)
  return { ...learned, keyId: row.key_id, generation: row.generation, savedAt: row.saved_at }
}
