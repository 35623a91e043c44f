import { randomBytes } from 'node:crypto'
import { BalanceError } from '../../base/errors.ts'
import { Secret } from '../../base/secret.ts'
import type { DeclaredKey, DeclaredProvider } from '../../model/declared.ts'
import { isOutdated, openDeclared, rowOfSealed } from '../declared-vault.ts'
import { newId } from '../identifiers.ts'
import { bindingOf, keepValue } from '../kept-value.ts'
import { insertKeyRows, Labels } from '../key-batch.ts'
import { findKeys, type OwnedKeyRow } from '../key-rows.ts'
import { checkLimits, proxyWords, wordsIn } from '../key-value.ts'
import { deleteKeys, updateKey } from '../keys.ts'
import { placed } from '../placed.ts'
import { findProvider } from '../provider-rows.ts'
import { checkProxies } from '../proxy-rows.ts'
import { type KeyParts, pairsOf, refuseHeldLabels } from './key-pairs.ts'
import { declaredStep, type Fields, removingStep, type Step } from './step.ts'

/**
 * Steps of keys: of those that are declared, and of those that a file has let go of.
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
      try {
        steps.push(
          row ? await presentKey(parts, provider, key, row) : newKey(parts, provider, key, labels),
        )
      } catch (error) {
        throw placed(error, key.place)
      }
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
    proxy: proxyWords(key.proxy ?? null),
  }
  const enabled = key.enabled ?? true
  return declaredStep({
    kind: 'key',
    name: nameOf(row),
    names: [nameOf(row), row.id, `${row.provider}/${wanted.label}`],
    place: key.place,
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
          : await openDeclared(made, vault, declared.vault, { value, place: key.place }, provider)
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
    proxy: proxyWords(key.proxy ?? null),
  }
  const name = `${provider.name}/${own.label}`
  if (rows.some(row => row.id === id)) throw taken(name, `the id ${id} is another provider's key`)
  const enabled = key.enabled ?? true
  return declaredStep({
    kind: 'key',
    name,
    names: [name, id],
    place: key.place,
    present: null,
    after: { ...own, enabled, value: shownValue(key) },
    async run(made) {
      const owner = await findProvider(made.db, provider.name)
      await checkProxies(made.db, wordsIn(own.proxy))
      const secret = sealed
        ? await openDeclared(
            made,
            vault,
            declared.vault,
            { value: sealed, place: key.place },
            provider,
          )
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

function taken(name: string, why: string): BalanceError {
  return new BalanceError('name_taken', `Key ${name} of the file: ${why}.`, {
    hint: 'Each key is declared once.',
  })
}

function nameOf(row: OwnedKeyRow): string {
  return `${row.provider}/${row.label}`
}

function fieldsOf(row: OwnedKeyRow): Fields {
  const { label, weight, tier, rpm, concurrency, proxy, masked } = row
  return { label, weight, tier, rpm, concurrency, proxy, enabled: row.enabled === 1, value: masked }
}

/** A reference; of a sealed one nothing. */
function shownValue({ value }: DeclaredKey): string {
  return value instanceof Secret ? value.reveal() : 'sealed'
}
