import { BalanceError } from '../../base/errors.ts'
import type { Operator } from '../../control/api.ts'
import { modelList } from '../../control/model-list.ts'
import type { PROVIDERS } from '../../control/operations/providers.ts'
import { maskedProvider, refuseMasked } from '../../control/shapes/masked.ts'
import { presetShapes } from '../../control/shapes/preset.ts'
import { type ProviderShape, providerShape } from '../../control/shapes/provider.ts'
import type { Provider } from '../../model/catalog.ts'
import type { ProviderChange } from '../../model/changes.ts'
import { providerStatuses } from '../../model/key-status.ts'
import { noBaseUrl, PLACEHOLDER_KEY, presetOf } from '../../model/presets.ts'
import { parseBaseUrl, parseOverride, parseProviderName } from '../../model/provider-fields.ts'
import type { ProviderSettings } from '../../model/settings.ts'
import type { Store } from '../../model/store.ts'
import { make, takeIn } from './changes.ts'
import { test } from './keys.ts'
import { type OperationParts, standing } from './parts.ts'

/** The values of headers are not shown. */
export function providerOperations(parts: OperationParts): Pick<Operator, keyof typeof PROVIDERS> {
  const { store, clock, live } = parts
  return {
    async 'providers.list'() {
      return (await live.status()).providers
    },

    async 'providers.show'({ name }) {
      return shapeOf(parts, await store.provider(name))
    },

    async 'providers.add'(input, caller) {
      const name = parseProviderName(input.name)
      const preset = presetOf(name)
      const baseUrl = input.base_url ?? preset?.baseUrl
      if (baseUrl === undefined) throw noBaseUrl(name)
      const provider = {
        name,
        baseUrl: parseBaseUrl(baseUrl),
        kind: input.kind ?? preset?.kind ?? 'openai',
        path: input.path === undefined ? null : parseProviderName(input.path),
        overrides: overridesOf(input.settings ?? {}) as Partial<ProviderSettings>,
      }
      const keys = preset?.needsKey === false ? [PLACEHOLDER_KEY] : []
      const add = (as: Store) => as.addProvider(provider, { makeDefault: false, keys })
      return make(parts, 'providers.add', input, caller, add, made => shapeOf(parts, made))
    },

    async 'providers.change'(input, caller) {
      const change: ProviderChange = {
        ...(input.base_url === undefined ? {} : { baseUrl: parseBaseUrl(input.base_url) }),
        ...(input.path === undefined ? {} : { path: pathOf(input.path) }),
        ...(input.kind === undefined ? {} : { kind: input.kind }),
        ...(input.enabled === undefined ? {} : { enabled: input.enabled }),
        ...(input.settings === undefined ? {} : { overrides: overridesOf(input.settings) }),
      }
      // The host's own command may send keys elsewhere; a browser may not.
      const lockOrigin = caller.session !== null
      const write = (as: Store) => as.changeProvider(input.name, change, { lockOrigin })
      return make(parts, 'providers.change', input, caller, write, made => shapeOf(parts, made))
    },

    'providers.remove': (input, caller) =>
      make(
        parts,
        'providers.remove',
        input,
        caller,
        as => as.removeProvider(input.name),
        removed => removed,
      ),

    async 'providers.test'({ name, revision }, { signal }) {
      await store.provider(name)
      await refuseStale(store, revision)
      const tests = await test(
        parts,
        keys => keys.filter(key => key.provider === name && key.enabled),
        signal,
      )
      if (tests.length > 0 || signal.aborted) return tests
      throw new BalanceError('failed', `${name} has no key to test it with.`, {
        hint: `balance keys add ${name}`,
      })
    },

    async 'providers.models'({ name }, { signal }) {
      await store.provider(name)
      await takeIn(parts)
      const models = await modelList(standing(parts), name, clock, signal)
      return models.filter(({ served }) => served).map(({ id }) => id)
    },

    async 'presets.list'() {
      return presetShapes()
    },
  }
}

/** As it is saved: where that is not in force, the answer to a change says why beside it. */
async function shapeOf(parts: OperationParts, provider: Provider): Promise<ProviderShape> {
  const catalog = standing(parts)
  const { providers } = await parts.live.status()
  const breakers = new Map(providers.map(one => [one.name, one.breakers]))
  const saved = { ...catalog, providers: [provider] }
  const [status] = providerStatuses(saved, parts.clock.wall(), breakers)
  if (status === undefined) throw new Error('A provider has a status.')
  return maskedProvider(providerShape(provider, status, catalog.settings))
}

function pathOf(path: string | null): string | null {
  return path === null ? null : parseProviderName(path)
}

function overridesOf(
  settings: Readonly<Record<string, string | null>>,
): NonNullable<ProviderChange['overrides']> {
  return Object.assign(
    {},
    ...Object.entries(settings).map(([name, value]) => {
      if (value !== null) refuseMasked(name, value)
      return parseOverride(name, value)
    }),
  )
}

/** A test changes nothing that has a revision; it is held against the one that was seen all the same. */
async function refuseStale(store: Store, planned: number | undefined): Promise<void> {
  if (planned === undefined) return
  const revision = await store.revision()
  if (revision === planned) return
  throw new BalanceError('stale_plan', `The store is at revision ${revision}, not ${planned}.`)
}
