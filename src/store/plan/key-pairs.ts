import type { Kysely } from 'kysely'
import { BalanceError } from '../../base/errors.ts'
import { Secret } from '../../base/secret.ts'
import type { Declared, DeclaredKey, DeclaredProvider } from '../../model/declared.ts'
import { rowOfSealed } from '../declared-vault.ts'
import type { OwnedKeyRow } from '../key-rows.ts'
import { placed } from '../placed.ts'
import type { Tables } from '../tables.ts'
import type { Vault } from '../vault.ts'
import { heldBy } from './step.ts'

export interface KeyParts {
  readonly db: Kysely<Tables>
  readonly vault: Vault
  readonly rows: readonly OwnedKeyRow[]
  readonly declared: Declared
  /** Those that nobody declares give way. */
  readonly prune: boolean
}

/** A key that is declared, with the row that is its. */
export interface Pair {
  readonly key: DeclaredKey
  readonly row: OwnedKeyRow | null
}

/**
 * The keys declared, each once, with the rows that are theirs. A key is known by its reference, or as a
 * sealed one by its id or value; where that was changed, by its label.
 */
export async function pairsOf(
  { db, vault }: KeyParts,
  provider: DeclaredProvider,
  rows: readonly OwnedKeyRow[],
): Promise<Pair[]> {
  const keys = new Map(provider.keys.map(key => [identityOf(provider.name, key), key]))
  const found = new Map<DeclaredKey, OwnedKeyRow>()
  const free = new Set(rows)
  const claim = (key: DeclaredKey, row: OwnedKeyRow | null | undefined) => {
    if (row && free.delete(row)) found.set(key, row)
  }
  const byIdentity = new Map(rows.map(row => [row.reference ?? row.id, row]))
  for (const [identity, key] of keys) claim(key, byIdentity.get(identity))
  for (const key of keys.values()) {
    if (found.has(key) || key.value instanceof Secret) continue
    claim(key, await rowOfSealed(db, vault, [...free], key.value, provider))
  }
  const byLabel = new Map([...free].map(row => [row.label, row]))
  for (const key of keys.values()) if (!found.has(key)) claim(key, byLabel.get(key.label ?? ''))
  return [...keys.values()].map(key => ({ key, row: found.get(key) ?? null }))
}

function identityOf(provider: string, { value }: DeclaredKey): string {
  if (!(value instanceof Secret)) return value.id
  const reference = value.reveal()
  if (/^(env|file):/.test(reference)) return reference
  throw new BalanceError(
    'config_invalid',
    `A key of provider ${provider} is written in the file.`,
    {
      hint: `Name a variable (env:NAME) or a file (file:/path), or use balance keys add ${provider}.`,
    },
  )
}

/** What a command holds is not always renamed, so it is asked when its time has come. */
export function refuseHeldLabels(staying: readonly OwnedKeyRow[], pairs: readonly Pair[]): void {
  const declared = new Set(pairs.map(({ row }) => row))
  const kept = staying.filter(row => !declared.has(row))
  const byLabel = new Map(kept.map(row => [row.label, row]))
  for (const { key, row } of pairs) {
    const holder = row?.origin === 'command' ? undefined : byLabel.get(key.label ?? '')
    if (!holder) continue
    const name = `${holder.provider}/${key.label}`
    const held = heldBy('key', name, 'this label', { name: holder.id, origin: holder.origin })
    throw placed(held, key.place)
  }
}
