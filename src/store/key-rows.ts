import type { Kysely } from 'kysely'
import type { Key } from '../model/catalog.ts'
import { noSuchKey } from '../model/key-named.ts'
import type { KeyRow, Tables } from './tables.ts'

/** A key's row with what is needed of its provider's. */
export interface OwnedKeyRow extends KeyRow {
  readonly provider: string
  readonly base_url: string
}

/** In the order of adding. */
export function listKeys(db: Kysely<Tables>): Promise<OwnedKeyRow[]> {
  return db
    .selectFrom('provider_keys')
    .innerJoin('providers', 'providers.id', 'provider_keys.provider_id')
    .selectAll('provider_keys')
    .select(['providers.name as provider', 'providers.base_url as base_url'])
    .orderBy('provider_keys.seq')
    .execute()
}

/** All that a catalogue has of a key's row. */
export type SealedKeyRow = Omit<KeyRow, 'seq' | 'fingerprint'>

/** As {@link listKeys}, with nothing of their providers: of ten thousand rows each column takes its time. */
export function listSealedKeys(db: Kysely<Tables>): Promise<SealedKeyRow[]> {
  return db
    .selectFrom('provider_keys')
    .select(['id', 'provider_id', 'label', 'weight', 'tier', 'enabled', 'generation', 'masked'])
    .select(['reference', 'sealed', 'rpm', 'concurrency', 'proxy', 'origin', 'created_at'])
    .orderBy('seq')
    .execute()
}

/** @throws BalanceError no_such for the first id that is not there */
export async function findKeys(db: Kysely<Tables>, ids: readonly string[]): Promise<OwnedKeyRow[]> {
  const rows = new Map((await listKeys(db)).map(row => [row.id, row]))
  return [...new Set(ids)].map(id => {
    const row = rows.get(id)
    if (row) return row
    throw noSuchKey(id, [...rows.values()])
  })
}

/** The key, without its secret unless that is given. */
export function keyOf(
  row: SealedKeyRow,
  provider: string,
  secret: Key['secret'] = null,
  fault: Key['fault'] = null,
): Key {
  return {
    id: row.id,
    provider,
    label: row.label,
    weight: row.weight,
    tier: row.tier,
    enabled: row.enabled === 1,
    generation: row.generation,
    masked: row.masked,
    reference: row.reference,
    secret,
    fault,
    rpm: row.rpm,
    concurrency: row.concurrency,
    proxy: row.proxy,
    origin: row.origin,
    createdAt: row.created_at,
  }
}

/** For the audit. */
export function describeKey(row: KeyRow): unknown {
  const { id, label, weight, tier, generation, masked, reference, rpm, concurrency, proxy } = row
  const limits = { rpm, concurrency, ...(proxy === null ? {} : { proxy }) }
  return {
    id,
    label,
    weight,
    tier,
    enabled: row.enabled === 1,
    generation,
    masked,
    reference,
    ...limits,
  }
}
