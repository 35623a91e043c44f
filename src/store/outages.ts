import type { Kysely } from 'kysely'
import type { ProviderMemory } from '../model/catalog.ts'
import { addOutages } from '../model/outage.ts'
import type { Store } from '../model/store.ts'
import { learn } from './change.ts'
import { readJson } from './json.ts'
import type { StoreParts } from './parts.ts'
import type { OutageRow, Tables } from './tables.ts'

type OutageVerbs = Pick<Store, 'outages' | 'rememberOutages'>

export function outageVerbs({ engine }: StoreParts): OutageVerbs {
  return {
    outages: () => engine.query(readOutages),

    async rememberOutages(outages) {
      if (outages.length > 0) await learn(engine, (db, number) => merge(db, outages, number))
    },
  }
}

/** What was learned under each provider's present generation, all of it or since this number. */
export async function readOutages(db: Kysely<Tables>, since = 0): Promise<ProviderMemory[]> {
  const rows = await db
    .selectFrom('outages')
    .innerJoin('providers', join =>
      join
        .onRef('providers.id', '=', 'outages.provider_id')
        .onRef('providers.generation', '=', 'outages.generation'),
    )
    .selectAll('outages')
    .where('outages.number', '>', since)
    .orderBy('outages.provider_id')
    .execute()
  return rows.map(outageOf)
}

/** Whether any of it was still worth knowing. */
async function merge(
  db: Kysely<Tables>,
  outages: readonly ProviderMemory[],
  number: number,
): Promise<boolean> {
  const providers = await db.selectFrom('providers').select(['id', 'generation']).execute()
  const generations = new Map(providers.map(({ id, generation }) => [id, generation]))
  const present = outages.filter(
    ({ providerId, generation }) => generations.get(providerId) === generation,
  )
  if (present.length === 0) return false
  const ids = present.map(({ providerId }) => providerId)
  const before = await db
    .selectFrom('outages')
    .selectAll()
    .where('provider_id', 'in', ids)
    .execute()
  const known = new Map(before.map(row => [row.provider_id, outageOf(row)]))
  addOutages(known, present)
  await db.deleteFrom('outages').where('provider_id', 'in', ids).execute()
  const rows = [...known.values()].map(memory => rowOf(memory, number))
  await db.insertInto('outages').values(rows).execute()
  return true
}

function rowOf({ providerId, generation, breakers }: ProviderMemory, number: number): OutageRow {
  return { provider_id: providerId, generation, number, learned: JSON.stringify(breakers) }
}

function outageOf({ provider_id, generation, learned }: OutageRow): ProviderMemory {
  const breakers = readJson<ProviderMemory['breakers']>(
    learned,
    `What was learned about provider ${provider_id}`,
  )
  return { providerId: provider_id, generation, breakers }
}
