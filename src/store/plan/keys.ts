import { randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import { BalanceError } from '../../base/errors.ts'
import { Secret } from '../../base/secret.ts'
import type { Declared, DeclaredKey, DeclaredProvider } from '../../model/declared.ts'
import { isOutdated, openDeclared, rowOfSealed } from '../declared-vault.ts'
import { newId } from '../identifiers.ts'
import { bindingOf, keepValue } from '../kept-value.ts'
import { insertKeyRows, Labels } from '../key-batch.ts'
import { findKeys, type OwnedKeyRow } from '../key-rows.ts'
import { checkLimits } from '../key-value.ts'
import { deleteKeys, updateKey } from '../keys.ts'
import { findProvider } from '../provider-rows.ts'
import type { Tables } from '../tables.ts'
import type { Vault } from '../vault.ts'
import { declaredStep, type Fields, heldBy, removingStep, type Step } from './step.ts'

interface KeyParts {
  readonly db: Kysely<Tables>
  readonly vault: Vault
  readonly rows: readonly OwnedKeyRow[]
  readonly declared: Declared
  /** Those that nobody declares give way. */
  readonly prune: boolean
}

/**
 * Steps of keys: of those that are declared, and of those that a file has let go of. A key is known by
 * its reference, or as a sealed one by its id or value; where that was changed, by its label.
 */
export async function keySteps(
  parts: KeyParts,
): Promise<{ readonly declared: Step[]; readonly letGo: Step[] }> {
  const steps: Step[] = []
  const matched = new Set<string>()
  for (const provider of parts.declared.providers) {
    const rows = parts.rows.filter(row => row.provider === provider.name)
    const pairs = await pairsOf(parts, provider, rows)
    for (const { row } of pairs) if (row) matched.add(row.id)
    const staying = rows.filter(
      row => !(parts.prune && row.origin === 'file' && !matched.has(row.id)),
    )
    refuseHeldLabels(staying, pairs)
    const given = new Map(pairs.map(({ key, row }) => [row, key]))
    const labelled = staying.map(row => ({ label: given.get(row)?.label ?? row.label }))
    // Whoever gets a label made for it gets none that a row has now: a command may hold that row.
    const labels = new Labels(labelled, [...provider.keys, ...rows])
    for (const { key, row } of pairs) {
      steps.push(
        row ? await presentKey(parts, provider, key, row) : newKey(parts, provider, key, labels),
      )
    }
  }
  const letGo = parts.rows
    .filter(row => row.origin === 'file' && !matched.has(row.id))
    .map(row =>
      removingStep({
        kind: 'key',
        name: nameOf(row),
        names: [nameOf(row), row.id],
        holder: row.origin,
        fields: fieldsOf(row),
        run: async made => deleteKeys(made, await findKeys(made.db, [row.id])),
      }),
    )
  return { declared: steps, letGo }
}

/** What a command holds is not always renamed, so it is asked when its time has come. */
function refuseHeldLabels(staying: readonly OwnedKeyRow[], pairs: readonly Pair[]): void {
  const declared = new Set(pairs.map(({ row }) => row))
  const kept = staying.filter(row => !declared.has(row))
  const byLabel = new Map(kept.map(row => [row.label, row]))
  for (const { key, row } of pairs) {
    const holder = row?.origin === 'command' ? undefined : byLabel.get(key.label ?? '')
    if (!holder) continue
    const name = `${holder.provider}/${key.label}`
    throw heldBy('key', name, 'this label', { name: holder.id, origin: holder.origin })
  }
}

interface Pair {
  readonly key: DeclaredKey
  readonly row: OwnedKeyRow | null
}

/** The keys declared, each once, with the rows that are theirs. */
async function pairsOf(
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

async function presentKey(
  { db, vault, declared }: KeyParts,
  provider: DeclaredProvider,
  key: DeclaredKey,
  row: OwnedKeyRow,
): Promise<Step> {
  const { value } = key
  const same =
    value instanceof Secret
      ? row.reference === value.reveal()
      : (await isOutdated(db, row, value, declared.vault)) ||
        (await rowOfSealed(db, vault, [row], value, provider)) !== null
  const wanted = {
    label: key.label ?? row.label,
    weight: key.weight ?? 1,
    tier: key.tier ?? 1,
    rpm: key.rpm ?? null,
    concurrency: key.concurrency ?? null,
  }
  const enabled = key.enabled ?? true
  return declaredStep({
    kind: 'key',
    name: nameOf(row),
    names: [nameOf(row), row.id, `${row.provider}/${wanted.label}`],
    present: { fields: fieldsOf(row), origin: row.origin },
    after: { ...wanted, enabled, value: same ? row.masked : shownValue(key) },
    async vacate({ db }) {
      // No label begins with a blank.
      const label = wanted.label === row.label ? {} : { label: ` ${row.id}` }
      const vacated = { ...label, ...(same ? {} : { fingerprint: randomBytes(32) }) }
      if (Object.keys(vacated).length === 0) return
      await db.updateTable('provider_keys').set(vacated).where('id', '=', row.id).execute()
    },
    async run(made) {
      // Its provider may have been changed by a step before this one.
      const [found] = (await findKeys(made.db, [row.id])) as [OwnedKeyRow]
      const now = { ...found, label: row.label, fingerprint: row.fingerprint }
      const opened =
        same || value instanceof Secret
          ? null
          : await openDeclared(made, vault, declared.vault, value, provider)
      const given = same ? null : (opened ?? (value as Secret))
      const change = {
        ...wanted,
        ...(enabled === (now.enabled === 1) ? {} : { enabled }),
        ...(given === null ? {} : { value: given }),
      }
      await updateKey(made, vault, now, change, 'file')
    },
    adopt: async ({ db }) => {
      await db
        .updateTable('provider_keys')
        .set({ origin: 'file' })
        .where('id', '=', row.id)
        .execute()
    },
  })
}

function newKey(
  { vault, declared, rows }: KeyParts,
  provider: DeclaredProvider,
  key: DeclaredKey,
  labels: Labels,
): Step {
  checkLimits(key)
  const { value } = key
  const sealed = value instanceof Secret ? null : value
  const id = sealed?.id ?? newId('k')
  const own = {
    label: labels.take(key.label),
    weight: key.weight ?? 1,
    tier: key.tier ?? 1,
    rpm: key.rpm ?? null,
    concurrency: key.concurrency ?? null,
  }
  const name = `${provider.name}/${own.label}`
  if (rows.some(row => row.id === id)) throw taken(name, `the id ${id} is another provider's key`)
  const enabled = key.enabled ?? true
  return declaredStep({
    kind: 'key',
    name,
    names: [name, id],
    present: null,
    after: { ...own, enabled, value: shownValue(key) },
    async run(made) {
      const owner = await findProvider(made.db, provider.name)
      const secret = sealed
        ? await openDeclared(made, vault, declared.vault, sealed, provider)
        : (value as Secret)
      const binding = bindingOf(id, owner)
      const kept = await keepValue(secret, binding, 'The key', () => vault.sealer(made))
      const blob = sealed && binding.origin === bindingOf(id, ownerOf(provider)).origin
      const twin = await made.db
        .selectFrom('provider_keys')
        .select('label')
        .where('provider_id', '=', owner.id)
        .where(twin =>
          twin.or([twin('fingerprint', '=', kept.fingerprint), twin('label', '=', own.label)]),
        )
        .executeTakeFirst()
      if (twin) {
        const what = twin.label === own.label ? 'label' : 'value'
        throw taken(name, `another key of this provider has its ${what}`)
      }
      await insertKeyRows(made, owner, [
        {
          id,
          provider_id: owner.id,
          ...own,
          enabled: Number(enabled),
          generation: 1,
          ...kept,
          // As it was sealed, so that an export of this store is the same file again.
          ...(blob ? { sealed: Buffer.from(sealed.sealed, 'base64') } : {}),
          origin: 'file',
          created_at: made.time,
        },
      ])
    },
  })
}

function ownerOf({ name, baseUrl }: DeclaredProvider) {
  return { name, base_url: baseUrl }
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

function taken(name: string, why: string): BalanceError {
  return new BalanceError('name_taken', `Key ${name} of the file: ${why}.`, {
    hint: 'Each key is declared once.',
  })
}

function nameOf(row: OwnedKeyRow): string {
  return `${row.provider}/${row.label}`
}

function fieldsOf(row: OwnedKeyRow): Fields {
  const { label, weight, tier, rpm, concurrency, masked } = row
  return { label, weight, tier, rpm, concurrency, enabled: row.enabled === 1, value: masked }
}

/** A reference; of a sealed one nothing. */
function shownValue({ value }: DeclaredKey): string {
  return value instanceof Secret ? value.reveal() : 'sealed'
}
