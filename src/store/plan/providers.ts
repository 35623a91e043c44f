import type { Provider } from '../../model/catalog.ts'
import type { ProviderChange } from '../../model/changes.ts'
import type { Declared, DeclaredProvider } from '../../model/declared.ts'
import type { ProviderSettings } from '../../model/settings.ts'
import { findProvider, providerOf } from '../provider-rows.ts'
import { deleteProvider, insertProvider, updateProvider, withChange } from '../providers.ts'
import type { ProviderRow } from '../tables.ts'
import type { Vault } from '../vault.ts'
import { declaredStep, type Fields, removingStep, type Step } from './step.ts'

/** Steps of the providers that are declared. */
export function providerSteps(
  rows: readonly ProviderRow[],
  declared: Declared,
  vault: Vault,
): Step[] {
  return declared.providers.map(given => {
    const row = rows.find(({ name }) => name === given.name)
    if (!row) {
      return declaredStep({
        kind: 'provider',
        name: given.name,
        present: null,
        after: fieldsOf(given),
        run: async made => void (await insertProvider(made, given, given.enabled, 'file')),
      })
    }
    const wanted = wholeChange(row, given)
    return declaredStep({
      kind: 'provider',
      name: given.name,
      present: { fields: fieldsOf(providerOf(row)), origin: row.origin },
      after: fieldsOf(providerOf(withChange(row, wanted))),
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
