import type { Kysely } from 'kysely'
import { BalanceError } from '../base/errors.ts'
import { printable } from '../base/text.ts'
import type { Change } from './change.ts'
import {
  createMasterKey,
  findMasterKey,
  type MasterKey,
  type MasterKeyPlaces,
} from './master-key.ts'
import { checkValue, newDataKey, Seal, unwrapDataKey } from './seal.ts'
import type { Tables } from './tables.ts'

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
    const master = this.#find(row.source)
    if (!checkValue(master.bytes).equals(row.check_value)) throw wrong(master.source, row.source)
    const dataKey = unwrapDataKey(master.bytes, row.wrapped)
    if (!dataKey) throw damaged()
    return this.#keep(row.wrapped, dataKey)
  }

  /**
   * As {@link opener}; but where nothing is sealed the master key found is taken as it is,
   * and only where there is none is one made.
   */
  async sealer(change: Change): Promise<Seal> {
    if (await holdsSealed(change.db)) return this.opener(change.db)
    const row = await readVault(change.db)
    const master = this.#findOrCreate(row?.source ?? null)
    if (row && checkValue(master.bytes).equals(row.check_value)) return this.opener(change.db)
    const { dataKey, wrapped } = newDataKey(master.bytes)
    const source = printable(master.source, 1_024)
    await change.db.deleteFrom('vault').execute()
    await change.db
      .insertInto('vault')
      .values({
        id: 1,
        check_value: checkValue(master.bytes),
        wrapped,
        source,
        created_at: change.time,
      })
      .execute()
    change.note('master_key.adopt', source, null, null)
    return this.#keep(wrapped, dataKey)
  }

  #find(source: string): MasterKey {
    const search = findMasterKey(this.#places)
    if (search.found) return search.found
    throw missing(search.looked, source)
  }

  #findOrCreate(source: string | null): MasterKey {
    const search = findMasterKey(this.#places)
    if (search.found) return search.found
    if (search.meant !== null) throw missing(search.looked, source ?? search.meant)
    return createMasterKey(this.#places.dataDir)
  }

  #keep(wrapped: Buffer, dataKey: Buffer): Seal {
    const seal = new Seal(dataKey)
    this.#opened = { wrapped, seal }
    return seal
  }
}

function readVault(db: Kysely<Tables>) {
  return db.selectFrom('vault').selectAll().where('id', '=', 1).executeTakeFirst()
}

async function holdsSealed(db: Kysely<Tables>): Promise<boolean> {
  const row = await db
    .selectFrom('provider_keys')
    .select('id')
    .where('sealed', 'is not', null)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

const LOST =
  'If it is lost for good, remove the keys it sealed (balance keys remove) and add them again.'

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
