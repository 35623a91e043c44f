import type { Clock } from '../base/clock.ts'
import { BalanceError } from '../base/errors.ts'
import { Redactor } from '../base/redactor.ts'
import { listModels, type Models } from '../gateway/models.ts'
import type { Catalog, Key } from '../model/catalog.ts'
import { keyStatuses } from '../model/key-status.ts'
import { ModelFilter } from '../model/model-filter.ts'
import { chargedTo } from '../model/outcome.ts'
import type { CompiledProvider } from '../snapshot/snapshot.ts'
import { Agents } from '../upstream/agents.ts'
import { compileFor } from './key-tests.ts'

/** `providers models --json`: a model, and whether the provider's `models` lets it be served. */
export interface ModelShape {
  readonly id: string
  readonly served: boolean
}

/**
 * The provider's own list of its models, as it gives it.
 * @throws BalanceError failed where it has no usable key, or gives no list; no_such for its models_key
 */
export async function modelList(
  catalog: Catalog,
  name: string,
  clock: Clock,
  signal?: AbortSignal,
): Promise<ModelShape[]> {
  const keys = catalog.keys.filter(key => key.provider === name)
  if (keys.length === 0) throw noKey(name)
  const provider = compileFor(clock, catalog, keys).get(name) as CompiledProvider
  const ids = await ask(clock, provider, askers(clock, provider, catalog, keys), signal)
  const filter = new ModelFilter(provider.settings.models)
  return ids.map(id => ({ id, served: filter.allows(id) }))
}

/** Who may ask: the key that the owner named, else all that are not known to be refused, in turn. */
function askers(
  clock: Clock,
  provider: CompiledProvider,
  catalog: Catalog,
  keys: readonly Key[],
): readonly Key[] {
  const { models_key: given } = provider.settings
  if (given !== '') return [namedKey(provider.name, given, keys)]
  const { memories } = catalog
  const states = keyStatuses({ keys, memories }, clock.wall())
  const out = new Set(['disabled', 'invalid', 'sealed'])
  const usable = keys.filter((_, at) => !out.has(states[at]?.state ?? ''))
  if (usable.length > 0) return usable
  throw new BalanceError('failed', `No key of ${provider.name} is usable.`, {
    hint: `balance keys list ${provider.name}`,
  })
}

function namedKey(name: string, given: string, keys: readonly Key[]): Key {
  const key = keys.find(({ id }) => id === given) ?? keys.find(({ label }) => label === given)
  const hint = `balance providers set ${name} models_key=KEY, or models_key= for any key`
  if (!key)
    throw new BalanceError('no_such', `The models_key "${given}" is no key of ${name}.`, { hint })
  const fault = key.enabled ? key.fault?.reason : 'it is disabled'
  if (fault === undefined) return key
  throw new BalanceError('failed', `The models_key "${given}" of ${name} cannot ask: ${fault}.`, {
    hint,
  })
}

/** The next key asks only where it may fare better. */
async function ask(
  clock: Clock,
  provider: CompiledProvider,
  keys: readonly Key[],
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const redactor = new Redactor()
  for (const { secret } of keys) if (secret !== null) redactor.add(secret.reveal())
  const agents = new Agents()
  const parts = { agents, clock, redactor, ...(signal === undefined ? {} : { signal }) }
  let last: Models | null = null
  try {
    for (const { id } of keys) {
      const key = provider.keys.get(id)
      if (!key) continue
      last = await listModels(parts, provider, key)
      if (last.byId !== null) return [...last.byId.keys()]
      if (chargedTo(last.outcome.fault) !== 'key') break
    }
  } finally {
    await agents.destroy()
  }
  const why = last === null ? '' : `: ${last.outcome.message} (${last.outcome.detail})`
  throw new BalanceError('failed', `${provider.name} gave no list of models${why}`, {
    hint: `balance providers test ${provider.name}`,
  })
}

function noKey(name: string): BalanceError {
  return new BalanceError('failed', `${name} has no key to ask with.`, {
    hint: `balance keys add ${name}`,
  })
}
