import type { Kysely } from 'kysely'
import { BalanceError } from '../base/errors.ts'
import { printable } from '../base/text.ts'
import type { Change } from './change.ts'
import {
  createMasterKey,
  findMasterKey,
  type MasterKey,
  type MasterKeyPlaces,
  type MasterKeySearch,
} from './master-key.ts'
import { checkValue, newDataKey, Seal, unwrapDataKey } from './seal.ts'
import type { Tables, VaultRow } from './tables.ts'

/**
 * The store's seal, behind the master key. The store carries the data key, wrapped by the master
 * key, the master key's check value, and where it came from.
 */
export class Vault {
  readonly #places: MasterKeyPlaces
  #opened: { readonly wrapped: Buffer; readonly seal: Seal } | null = null

  constructor(places: MasterKeyPlaces) {
    this.#places = places
  }

  /**
   * The seal of a store that holds sealed rows.
   * @throws BalanceError master_key_missing naming the places looked in, master_key_wrong,
   * config_unsafe, store_invalid
   */
  async opener(db: Kysely<Tables>): Promise<Seal> {
    const row = await readVault(db)
    if (!row) throw damaged()
    if (this.#opened?.wrapped.equals(row.wrapped)) return this.#opened.seal
    const dataKey = unwrapDataKey(this.master(row).bytes, row.wrapped)
    if (!dataKey) throw damaged()
    return this.#keep(row.wrapped, dataKey)
  }

  /** The master key that sealed this store; throws as {@link opener} does. */
  master(row: VaultRow): MasterKey {
    const search = this.search(row)
    if (!search.found) throw missing(search.looked, row.source)
    const { found } = search
    if (!isOf(row, found.bytes)) throw wrong(found.source, row.source)
    return found
  }

  /**
   * As {@link opener}; but where nothing is sealed the master key found is taken as it is,
   * and only where there is none is one made.
   */
  async sealer(change: Change): Promise<Seal> {
    if (await holdsSealed(change.db)) return this.opener(change.db)
    const row = (await readVault(change.db)) ?? null
    const master = this.#findOrCreate(row)
    if (row && isOf(row, master.bytes)) return this.opener(change.db)
    const seal = await this.adopt(change, master)
    change.note('master_key.adopt', printable(master.source, 1_024), null, null)
    return seal
  }

  /** A new data key, wrapped by this master key; what the old one sealed is still to be sealed anew. */
  async adopt({ db, time }: Change, master: Omit<MasterKey, 'home'>): Promise<Seal> {
    const { dataKey, wrapped } = newDataKey(master.bytes)
    const check_value = checkValue(master.bytes)
    const source = printable(master.source, 1_024)
    await db.deleteFrom('vault').execute()
    await db
      .insertInto('vault')
      .values({ id: 1, check_value, wrapped, source, created_at: time })
      .execute()
    return this.#keep(wrapped, dataKey)
  }

  /** The first master key there is: of several in one place the one that fits, where one does. */
  search(row: VaultRow | null): MasterKeySearch {
    return findMasterKey(this.#places, bytes => row === null || isOf(row, bytes))
  }

  #findOrCreate(row: VaultRow | null): MasterKey {
    const search = this.search(row)
    if (search.found) return search.found
    if (search.meant !== null) throw missing(search.looked, row?.source ?? search.meant)
    return createMasterKey(this.#places.dataDir)
  }

  #keep(wrapped: Buffer, dataKey: Buffer): Seal {
    const seal = new Seal(dataKey)
    this.#opened = { wrapped, seal }
    return seal
  }
}

export function readVault(db: Kysely<Tables>): Promise<VaultRow | undefined> {
  return db.selectFrom('vault').selectAll().where('id', '=', 1).executeTakeFirst()
}

/** Whether this master key sealed the store. */
export function isOf(row: VaultRow, masterKey: Buffer): boolean {
  return checkValue(masterKey).equals(row.check_value)
}

export async function holdsSealed(db: Kysely<Tables>): Promise<boolean> {
  for (const table of ['provider_keys', 'proxies'] as const) {
    const row = await db
      .selectFrom(table)
      .select('id')
      .where('sealed', 'is not', null)
      .limit(1)
      .executeTakeFirst()
    if (row !== undefined) return true
  }
  return false
}

const LOST =
  'If it is lost for good, remove the keys it sealed (balance keys remove; proxies likewise) and add them again.'

function missing(looked: readonly string[], source: string): BalanceError {
  return new BalanceError(
    'master_key_missing',
    `The master key of this store, from ${source}, is not found. Looked in: ${looked.join(', ')}.`,
    { hint: `Put it back, or name its file in BALANCE_MASTER_KEY_FILE. ${LOST}` },
  )
}

function wrong(found: string, source: string): BalanceError {
  return new BalanceError(
    'master_key_wrong',
    `The master key in ${found} is not the one that sealed this store, which came from ${source}.`,
    { hint: `Put that one in its place, or name its file in BALANCE_MASTER_KEY_FILE. ${LOST}` },
  )
}

function damaged(): BalanceError {
  return new BalanceError('store_invalid', "The store's wrapped data key is damaged or gone.", {
    hint: 'Restore the store from a backup.',
  })
}
