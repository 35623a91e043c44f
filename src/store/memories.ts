import type { Kysely } from 'kysely'
import type { KeyMemory } from '../model/catalog.ts'
import type { Store } from '../model/store.ts'
import { readHeads } from './change.ts'
import { readJson } from './json.ts'
import type { StoreParts } from './parts.ts'
import { slices } from './slices.ts'
import type { MemoryRow, Tables } from './tables.ts'

type MemoryVerbs = Pick<Store, 'memories' | 'remember' | 'learnedSince'>

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
        const number = (await readHeads(db)).learned + 1
        let learned = false
        for (const slice of slices(latest)) {
          if (await replace(db, slice, number)) learned = true
        }
        if (learned) await db.updateTable('revision').set({ learned: number }).execute()
      })
    },

    learnedSince: number =>
      engine.snapshot(async db => {
        const { learned } = await readHeads(db)
        return { learned, memories: await readMemories(db, number) }
      }),
  }
}

/** What was learned under each key's present generation, all of it or since this number. */
export async function readMemories(db: Kysely<Tables>, since = 0): Promise<KeyMemory[]> {
  const rows = await db
    .selectFrom('memories')
    .innerJoin('provider_keys', join =>
      join
        .onRef('provider_keys.id', '=', 'memories.key_id')
        .onRef('provider_keys.generation', '=', 'memories.generation'),
    )
    .selectAll('memories')
    .where('memories.number', '>', since)
    .orderBy('memories.key_id')
    .execute()
  return rows.map(memoryOf)
}

/** Whether any of them was still worth knowing. */
async function replace(
  db: Kysely<Tables>,
  memories: readonly KeyMemory[],
  number: number,
): Promise<boolean> {
  const ids = memories.map(({ keyId }) => keyId)
  const keys = await db
    .selectFrom('provider_keys')
    .select(['id', 'generation'])
    .where('id', 'in', ids)
    .execute()
  const generations = new Map(keys.map(({ id, generation }) => [id, generation]))
  const rows = memories
    .filter(({ keyId, generation }) => generations.get(keyId) === generation)
    .map(memory => rowOf(memory, number))
  if (rows.length === 0) return false
  const kept = rows.map(({ key_id }) => key_id)
  await db.deleteFrom('memories').where('key_id', 'in', kept).execute()
  await db.insertInto('memories').values(rows).execute()
  return true
}

function rowOf(memory: KeyMemory, number: number): MemoryRow {
  const { keyId, generation, savedAt, ...learned } = memory
  return { key_id: keyId, generation, number, learned: JSON.stringify(learned), saved_at: savedAt }
}

function memoryOf(row: MemoryRow): KeyMemory {
  const learned = readJson<Omit<KeyMemory, 'keyId' | 'generation' | 'savedAt'>>(
    row.learned,
    `What was learned about key ${row.key_id}`,
  )
  return { ...learned, keyId: row.key_id, generation: row.generation, savedAt: row.saved_at }
}
