import type { Provider } from '../../model/catalog.ts'
import type { ProviderChange } from '../../model/changes.ts'
import type { Declared, DeclaredProvider } from '../../model/declared.ts'
import type { ProviderSettings } from '../../model/settings.ts'
import { placed } from '../placed.ts'
import { findProvider, providerOf } from '../provider-rows.ts'
import { deleteProvider, insertProvider, updateProvider, withChange } from '../providers.ts'
import type { ProviderRow } from '../tables.ts'
import type { Vault } from '../vault.ts'
import { declaredStep, type Fields, heldBy, removingStep, type Step } from './step.ts'

/**
 * Steps of the providers that are declared.
 * @param gone the names of those that make room for them
 */
export function providerSteps(
  rows: readonly ProviderRow[],
  declared: Declared,
  vault: Vault,
  gone: ReadonlySet<string>,
): Step[] {
  refuseHeldSegments(rows, declared, gone)
  return declared.providers.map(given => {
    const row = rows.find(({ name }) => name === given.name)
    if (!row) {
      return declaredStep({
        kind: 'provider',
        name: given.name,
        place: given.place,
        present: null,
        after: fieldsOf(given),
        run: async made => void (await insertProvider(made, given, given.enabled, 'file')),
      })
    }
    const wanted = wholeChange(row, given)
    const after = withChange(row, wanted)
    return declaredStep({
      kind: 'provider',
      name: given.name,
      place: given.place,
      present: { fields: fieldsOf(providerOf(row)), origin: row.origin },
      after: fieldsOf(providerOf(after)),
      async vacate({ db }) {
        if (after.path === row.path) return
        await db.updateTable('providers').set({ path: null }).where('id', '=', row.id).execute()
      },
      run: async made => void (await updateProvider(made, vault, row, wanted, 'file')),
      adopt: async ({ db }) => {
        await db.updateTable('providers').set({ origin: 'file' }).where('id', '=', row.id).execute()
      },
    })
  })
}

/** Steps of the providers that a file has let go of. @param blocked why one must stay */
export function letGoProviders(
  rows: readonly ProviderRow[],
  declared: Declared,
  blocked: (row: ProviderRow) => string | null,
): Step[] {
  const names = new Set(declared.providers.map(({ name }) => name))
  return rows
    .filter(row => row.origin === 'file' && !names.has(row.name))
    .map(row =>
      removingStep({
        kind: 'provider',
        name: row.name,
        holder: row.origin,
        blocked: blocked(row),
        fields: fieldsOf(providerOf(row)),
        run: async made => {
          const { name } = await findProvider(made.db, row.name)
          await deleteProvider(made, name)
        },
      }),
    )
}

/** What a command holds is not always changed, so it is asked when its time has come. */
function refuseHeldSegments(
  rows: readonly ProviderRow[],
  { providers }: Declared,
  gone: ReadonlySet<string>,
): void {
  const names = new Set(providers.map(({ name }) => name))
  const kept = rows.filter(({ name }) => !names.has(name) && !gone.has(name))
  for (const { name, path, place } of providers) {
    if (rows.some(row => row.name === name && row.origin === 'command')) continue
    const segments = path === null ? [name] : [name, path]
    const leads = (segment: string | null) => segment !== null && segments.includes(segment)
    const holder = kept.find(row => leads(row.name) || leads(row.path))
    if (holder) throw placed(heldBy('provider', name, 'this path', holder), place)
  }
}

function fieldsOf(
  provider: Pick<Provider, 'kind' | 'baseUrl' | 'path' | 'enabled' | 'overrides'>,
): Fields {
  const { kind, baseUrl, path, enabled, overrides } = provider
  return { kind, base_url: baseUrl, path, enabled, ...overrides }
}

/** The change that leaves nothing of the row but what is declared. */
function wholeChange(row: ProviderRow, declared: DeclaredProvider): ProviderChange {
  const { path, kind, baseUrl, enabled, overrides } = declared
  const dropped = Object.keys(JSON.parse(row.overrides)) as (keyof ProviderSettings)[]
  const cleared = Object.fromEntries(dropped.map(name => [name, null]))
  return { path, kind, baseUrl, enabled, overrides: { ...cleared, ...overrides } }
}
