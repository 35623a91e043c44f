import { randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import { BalanceError } from '../base/errors.ts'
import type { GivenMasterKey, RotatedMasterKey } from '../model/secrets.ts'
import type { Change } from './change.ts'
import { bindingOf } from './kept-value.ts'
import { listKeys } from './key-rows.ts'
import { type MasterKey, parseMasterKey, promote, writeSuccessor } from './master-key.ts'
import type { StoreParts } from './parts.ts'
import { listProxies, proxyBinding } from './proxy-rows.ts'
import type { Seal } from './seal.ts'
import type { Tables, VaultRow } from './tables.ts'
import { isOf, readVault, type Vault } from './vault.ts'

/**
 * Replaces the master key, and with it the data key: a data key that was merely wrapped anew would
 * still open for whoever had kept the old master key and a copy of the old vault.
 *
 *   1. Under the store's write lock: finish what a rotation that was cut short has left (see 4).
 *   2. Under the lock again, before anything is written to the store: the new key is written beside
 *      the old one, as `master-key.new`, synchronised with the disk.
 *   3. In the same transaction every sealed value is sealed anew, fingerprints with it, and the vault
 *      names the new key. Its commit is the moment of change.
 *   4. Under the lock once more: where the vault fits the key beside, that takes the old one's place
 *      by a rename.
 *   5. The write-ahead log is emptied: it still has the old rows, for whoever kept the old key.
 *
 * Whoever looks for the master key takes the one of the two that fits the vault. So a process that is
 * killed before the commit leaves a store that the old key opens (what lies beside it is overwritten
 * by the next rotation), and after it one that the new key opens, which is on the disk since 2. The
 * lock is what keeps 4 of one rotation from moving the key that 2 of another has just written.
 *
 * Where the old key is in no file that may be written, 2 and 4 are left to the owner, who has given
 * the new one.
 */
export async function rotate(
  { engine, change, vault }: StoreParts,
  given: GivenMasterKey | null,
): Promise<RotatedMasterKey> {
  const before = await engine.query(readVault)
  if (!before) throw nothingSealed()
  await engine.write(db => settle(db, vault))
  const rotated = await change(async made => {
    const row = await readVault(made.db)
    if (!row?.wrapped.equals(before.wrapped)) throw overtaken()
    return replace(made, vault, row, given)
  })
  if (rotated.inPlace) await engine.write(db => settle(db, vault))
  // The new key is in force, whatever becomes of this.
  return { ...rotated, erased: await engine.erase().catch(() => false) }
}

/** Lets the key that fits take its place; the vault as it is. */
async function settle(db: Kysely<Tables>, vault: Vault): Promise<void> {
  const row = await readVault(db)
  if (!row) throw nothingSealed()
  const { home, source } = vault.master(row)
  if (home !== null && source !== home) promote(home)
}

async function replace(
  change: Change,
  vault: Vault,
  row: VaultRow,
  given: GivenMasterKey | null,
): Promise<Omit<RotatedMasterKey, 'erased'>> {
  const old = vault.master(row)
  const opener = await vault.opener(change.db)
  const { bytes } = given ? parseMasterKey(given.value.reveal(), given.source) : made()
  if (isOf(row, bytes)) throw same()
  const inPlace = written(old, bytes, given)
  const to = inPlace ? (old.home as string) : (given as GivenMasterKey).source
  const sealer = await vault.adopt(change, { bytes, source: to })
  const counts = await sealAnew(change.db, opener, sealer)
  change.note('master_key.rotate', to, { source: row.source }, { source: to, ...counts })
  return { from: old.source, to, inPlace, ...counts }
}

function made(): { readonly bytes: Buffer } {
  return { bytes: randomBytes(32) }
}

/** Whether the new key is beside the old one now. */
function written(old: MasterKey, bytes: Buffer, given: GivenMasterKey | null): boolean {
  try {
    if (old.home === null) throw new Error('it is given to this program by its surroundings')
    writeSuccessor(old.home, bytes)
    return true
  } catch (error) {
    if (given !== null) return false
    throw unwritable(old.source, error as NodeJS.ErrnoException)
  }
}

/** What the old key does not open stays as it is. */
async function sealAnew(db: Kysely<Tables>, opener: Seal, sealer: Seal) {
  let [resealed, unopened] = [0, 0]
  for (const { id, provider, base_url, sealed } of await listKeys(db)) {
    if (sealed === null) continue
    const binding = bindingOf(id, { name: provider, base_url })
    const secret = opener.open(sealed, binding)
    if (secret === null) {
      unopened++
      continue
    }
    const anew = { sealed: sealer.seal(secret, binding), fingerprint: sealer.fingerprint(secret) }
    await db.updateTable('provider_keys').set(anew).where('id', '=', id).execute()
    resealed++
  }
  for (const row of await listProxies(db)) {
    if (row.sealed === null) continue
    const secret = opener.open(row.sealed, proxyBinding(row))
    if (secret === null) {
      unopened++
      continue
    }
    const sealed = sealer.seal(secret, proxyBinding(row))
    await db.updateTable('proxies').set({ sealed }).where('id', '=', row.id).execute()
    resealed++
  }
  return { resealed, unopened }
}

function nothingSealed(): BalanceError {
  return new BalanceError('no_such', 'Nothing was ever sealed in this store.', {
    hint: 'Its master key is made, or taken, when the first key is added.',
  })
}

function overtaken(): BalanceError {
  return new BalanceError('failed', 'Another command has just replaced the master key.', {
    hint: 'This one changed nothing. See balance secrets status.',
  })
}

function same(): BalanceError {
  return new BalanceError('invalid_value', 'This is the master key that the store has already.', {
    hint: 'Make another: openssl rand -base64 32',
  })
}

function unwritable(source: string, { code, message }: NodeJS.ErrnoException): BalanceError {
  return new BalanceError(
    'not_permitted',
    `The master key in ${source} cannot be replaced from here (${code ?? message}).`,
    {
      hint: `Make a new one: (umask 077; openssl rand -base64 32 > FILE). Then balance secrets rotate --new-key-file FILE, and put it where ${source} comes from.`,
    },
  )
}
