import type { Key } from '../model/catalog.ts'
import { spanOf } from '../model/key-span.ts'
import type { Carriage } from './carriage.ts'
import type { CompiledKey, CompiledProvider } from './snapshot.ts'
import { type Scope, Way } from './way.ts'

type Compiled = Pick<CompiledProvider, 'carriage' | 'scope' | 'scopes' | 'keys' | 'sources'>

/** How the keys of a provider are shown and dialled. */
interface KeyRules {
  readonly carriage: Carriage
  /** @param words what one key is dialled through, where that is said */
  scopeOf(words?: readonly string[]): Scope
}

/**
 * Makes of a provider's keys what its requests need. Of ten thousand nearly all are the same at the next
 * reload: what was made of those is taken over, so that one costs little and leaves little garbage.
 */
export function compileKeys(
  sources: readonly Key[],
  { carriage, scopeOf }: KeyRules,
  before: Compiled | undefined,
): Compiled {
  const keptScope = (words?: readonly string[]) => {
    const scope = scopeOf(words)
    return before?.scopes.find(known => known.leadsAs(scope)) ?? scope
  }
  const scope = keptScope()
  const own = ownScopes(sources, keptScope)
  const scopes = [...new Set([scope, ...own.values()])]
  const compiled = { carriage, scope, scopes, sources }
  const compile = (key: Key) => {
    const dialled = own.get(key.proxy ?? '') ?? scope
    const known = before?.keys.get(key.id)
    const stays = known?.source === key && known.way.scope === dialled
    return stays && isSame(before?.carriage, carriage) ? known : compileKey(key, carriage, dialled)
  }
  const alike =
    isSame(before?.carriage, carriage) && scopes.every((one, n) => one === before?.scopes[n])
  // Where keys have scopes of their own, another proxy may make one key's scope another's.
  if (before === undefined || !alike || own.size > 0) {
    return { ...compiled, keys: new Map(opened(sources).map(key => [key.id, compile(key)])) }
  }
  const { from, to, before: gone } = spanOf(before.sources, sources)
  if (from === to && gone.length === 0) return { ...compiled, keys: before.keys }
  const keys = new Map(before.keys)
  const changed = new Map(opened(sources.slice(from, to)).map(key => [key.id, compile(key)]))
  for (const { id } of gone) if (!changed.has(id)) keys.delete(id)
  for (const [id, key] of changed) keys.set(id, key)
  return { ...compiled, keys }
}

/** By the words of the keys that are dialled in a way of their own. */
function ownScopes(
  keys: readonly Key[],
  scopeOf: (words: readonly string[]) => Scope,
): Map<string, Scope> {
  const own = new Map<string, Scope>()
  for (const { secret, proxy } of keys) {
    if (secret === null || proxy === null || own.has(proxy)) continue
    own.set(proxy, scopeOf(proxy.split(',')))
  }
  return own
}

function opened(keys: readonly Key[]): Key[] {
  return keys.filter(({ secret }) => secret !== null)
}

function isSame(before: Carriage | undefined, { header, template }: Carriage): boolean {
  return before?.header === header && before.template === template
}

function compileKey(key: Key, { header, value }: Carriage, scope: Scope): CompiledKey {
  const { id, secret } = key
  const credential = [header, value(secret?.reveal() ?? '')] as const
  return { id, source: key, credential, way: new Way(id, scope) }
}
