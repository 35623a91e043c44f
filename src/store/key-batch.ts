import { BalanceError } from '../base/errors.ts'
import type { Origin } from '../model/catalog.ts'
import type { AddedKeys, NewKey } from '../model/changes.ts'
import { checkProxiesSaid } from '../model/proxy-named.ts'
import type { Change } from './change.ts'
import { newId } from './identifiers.ts'
import { bindingOf, keepValue } from './kept-value.ts'
import { describeKey, keyOf } from './key-rows.ts'
import { checkLabel, checkLimits, proxyWords, wordsIn } from './key-value.ts'
import { placed } from './placed.ts'
import { listProxies } from './proxy-rows.ts'
import { slices } from './slices.ts'
import type { KeyRow, ProviderRow } from './tables.ts'
import type { Vault } from './vault.ts'

/**
 * Adds keys to a provider, skipping those that are there already or come twice.
 * @throws BalanceError invalid_value naming the key by its place in the list; name_taken for a label;
 *   no_such for a proxy
 */
export async function insertKeys(
  change: Change,
  vault: Vault,
  provider: ProviderRow,
  given: readonly NewKey[],
  origin: Origin,
): Promise<AddedKeys> {
  const present = await readPresent(change, provider)
  const labels = new Labels(present, given)
  const fingerprints = new Set(present.map(({ fingerprint }) => fingerprint.toString('hex')))
  const seal = once(() => vault.sealer(change))
  const proxies = once(() => listProxies(change.db))
  const rows: KeyRow[] = []
  for (const [index, key] of given.entries()) {
    try {
      checkLimits(key)
      const proxy = proxyWords(key.proxy ?? null)
      if (proxy !== null) checkProxiesSaid(await proxies(), wordsIn(proxy))
      const id = newId('k')
      const alone = given.length === 1 || key.place !== undefined
      const which = alone ? 'The key' : `Key ${index + 1} of ${given.length}`
      const kept = await keepValue(key.value, bindingOf(id, provider), which, seal)
      const fingerprint = kept.fingerprint.toString('hex')
      if (fingerprints.has(fingerprint)) continue
      fingerprints.add(fingerprint)
      rows.push({
        id,
        provider_id: provider.id,
        label: labels.take(key.label),
        weight: key.weight ?? 1,
        tier: key.tier ?? 1,
        enabled: 1,
        generation: 1,
        ...kept,
        rpm: key.rpm ?? null,
        concurrency: key.concurrency ?? null,
        proxy,
        origin,
        created_at: change.time,
      })
    } catch (error) {
      throw placed(error, key.place)
    }
  }
  await insertKeyRows(change, provider, rows)
  return {
    added: rows.map(row => keyOf(row, provider.name)),
    duplicates: given.length - rows.length,
  }
}

function readPresent({ db }: Change, provider: ProviderRow) {
  return db
    .selectFrom('provider_keys')
    .select(['label', 'fingerprint'])
    .where('provider_id', '=', provider.id)
    .execute()
}

export async function insertKeyRows(
  change: Change,
  provider: ProviderRow,
  rows: readonly KeyRow[],
): Promise<void> {
  if (rows.length === 0) return
  for (const slice of slices(rows)) {
    await change.db.insertInto('provider_keys').values(slice).execute()
  }
  change.note('keys.add', provider.name, null, rows.map(describeKey))
}

/** Gives out labels that are unique within a provider: the wanted one, or the next `key-N`. */
export class Labels {
  readonly #taken: Set<string>
  readonly #wanted: ReadonlySet<string | undefined>
  #next: number

  constructor(
    present: readonly { readonly label: string }[],
    given: readonly { readonly label?: string }[],
  ) {
    this.#taken = new Set(present.map(({ label }) => label))
    this.#wanted = new Set(given.map(({ label }) => label))
    this.#next = present.length + 1
  }

  take(wanted: string | undefined): string {
    const label = wanted ?? this.#free()
    checkLabel('label', label)
    if (this.#taken.has(label)) {
      throw new BalanceError('name_taken', 'Another key of this provider has this label.', {
        hint: 'Choose another label, or leave it out.',
      })
    }
    this.#taken.add(label)
    return label
  }

  #free(): string {
    for (;;) {
      const label = `key-${this.#next++}`
      if (!this.#taken.has(label) && !this.#wanted.has(label)) return label
    }
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
