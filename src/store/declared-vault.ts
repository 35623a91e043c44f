import type { Kysely } from 'kysely'
import { BalanceError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { DeclaredProvider, SealedValue, SealedVault } from '../model/declared.ts'
import type { Change } from './change.ts'
import { bindingOf } from './kept-value.ts'
import type { OwnedKeyRow } from './key-rows.ts'
import { proxyBinding } from './proxy-rows.ts'
import type { Seal } from './seal.ts'
import type { Tables } from './tables.ts'
import { holdsSealed, readVault, type Vault } from './vault.ts'

/**
 * Opens a value that a configuration file carries sealed, with the data key of the file's vault where
 * this store has sealed nothing yet, and has then that data key.
 * @throws BalanceError config_invalid; master_key_missing, master_key_wrong
 */
export async function openDeclared(
  change: Change,
  vault: Vault,
  declared: SealedVault | undefined,
  { value, place }: { readonly value: SealedValue; readonly place: string | undefined },
  provider: DeclaredProvider,
): Promise<Secret> {
  const seal = await sealOf(change, vault, declared, place)
  const secret = opened(seal, value, provider)
  if (secret) return secret
  throw new BalanceError(
    'config_invalid',
    `The sealed key ${value.id} of provider ${provider.name} does not open.`,
    {
      hint: 'It was changed, or made for another provider, address or store: export it again.',
    },
  )
}

/** The same of a proxy's password, which is sealed for its URL. */
export async function openDeclaredPassword(
  change: Change,
  vault: Vault,
  declared: SealedVault | undefined,
  { value, place }: { readonly value: SealedValue; readonly place: string | undefined },
  { name, url }: { readonly name: string; readonly url: string },
): Promise<Secret> {
  const seal = await sealOf(change, vault, declared, place)
  const binding = proxyBinding({ id: value.id, url })
  const secret = seal.open(Buffer.from(value.sealed, 'base64'), binding)
  if (secret) return secret
  throw new BalanceError('config_invalid', `The sealed password of proxy ${name} does not open.`, {
    hint: 'It was changed, or made for another URL or store: export it again.',
  })
}

async function sealOf(
  change: Change,
  vault: Vault,
  declared: SealedVault | undefined,
  place: string | undefined,
): Promise<Seal> {
  const adopted = await adopt(change, declared)
  return vault.opener(change.db).catch(error => {
    throw adopted && error instanceof BalanceError ? elsewhere(error, place) : error
  })
}

/** The row among these that has the value which a file carries sealed, whatever its id. */
export async function rowOfSealed(
  db: Kysely<Tables>,
  vault: Vault,
  rows: readonly OwnedKeyRow[],
  value: SealedValue,
  provider: DeclaredProvider,
): Promise<OwnedKeyRow | null> {
  const sealed = rows.filter(row => row.sealed !== null)
  const bytes = Buffer.from(value.sealed, 'base64')
  const exact = sealed.find(row => row.sealed?.equals(bytes))
  if (exact || sealed.length === 0) return exact ?? null
  const seal = await vault.opener(db)
  const secret = opened(seal, value, provider)
  const fingerprint = secret && seal.fingerprint(secret)
  return sealed.find(row => fingerprint?.equals(row.fingerprint)) ?? null
}

/**
 * Whether a file carries the key's value, or a proxy's, as it was sealed before the master key was rotated. What it is
 * nobody can say any more, and the one that the store has stands.
 */
export async function isOutdated(
  db: Kysely<Tables>,
  row: { readonly id: string; readonly sealed: Buffer | null },
  { id }: SealedValue,
  declared: SealedVault | undefined,
): Promise<boolean> {
  if (row.id !== id || row.sealed === null || declared === undefined) return false
  return (await declaredVault(db))?.wrapped !== declared.wrapped
}

/** What the store's vault is for a file; null where nothing was ever sealed. */
export async function declaredVault(db: Kysely<Tables>): Promise<SealedVault | null> {
  const row = await readVault(db)
  if (!row) return null
  return { check: row.check_value.toString('base64'), wrapped: row.wrapped.toString('base64') }
}

function opened(seal: Seal, { id, sealed }: SealedValue, provider: DeclaredProvider) {
  const owner = { name: provider.name, base_url: provider.baseUrl }
  return seal.open(Buffer.from(sealed, 'base64'), bindingOf(id, owner))
}

/** The store has no vault to be lost: what is missing is the other store's. */
function elsewhere({ code, message }: BalanceError, place: string | undefined): BalanceError {
  return new BalanceError(code, place === undefined ? message : `${place}: ${message}`, {
    hint: 'Copy the master key of that store, or name its file in BALANCE_MASTER_KEY_FILE. Or leave the sealed keys out of the file, and use balance keys add.',
  })
}

/** Says whether the store has taken over the file's vault just now. */
async function adopt(change: Change, declared: SealedVault | undefined): Promise<boolean> {
  const row = await readVault(change.db)
  if (declared === undefined) {
    if (row) return false
    throw new BalanceError('config_invalid', 'The file has sealed keys, and no vault.', {
      hint: 'Take the vault block along from the file that balance config export made.',
    })
  }
  const wrapped = Buffer.from(declared.wrapped, 'base64')
  if (row?.wrapped.equals(wrapped)) return false
  if (row && (await holdsSealed(change.db))) {
    throw new BalanceError('config_invalid', "The file's sealed keys are another store's.", {
      hint: 'A store with sealed keys of its own takes no others: leave them out of the file, and use balance keys add.',
    })
  }
  await change.db.deleteFrom('vault').execute()
  await change.db
    .insertInto('vault')
    .values({
      id: 1,
      check_value: Buffer.from(declared.check, 'base64'),
      wrapped,
      source: SOURCE,
      created_at: change.time,
    })
    .execute()
  change.note('master_key.adopt', SOURCE, null, null)
  return true
}

/** Where the master key came from, as far as this store knows. */
const SOURCE = 'the store that was exported'
