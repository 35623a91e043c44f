import { ownerOf } from '../balancer/rendezvous.ts'
import type { Catalog, Key } from '../model/catalog.ts'
import type { ProxyStatus } from '../model/proxy-status.ts'
import { proxiesMeant } from './scope.ts'

/**
 * Name of the proxy that a key is dialled through now, as its gateways choose it; `none`: directly; null:
 * none of its proxies is usable, and it is not dialled at all.
 */
export type ExitOf = (key: Pick<Key, 'id' | 'provider' | 'proxy'>) => string | null

const DIRECTLY = 'none'

/**
 * For showing: from what gateways have told of the proxies, without compiling anything.
 * @param proxies all there are
 */
export function exitsOf(
  { providers, settings, direct }: Pick<Catalog, 'providers' | 'settings' | 'direct'>,
  proxies: readonly ProxyStatus[],
): ExitOf {
  const byName = new Map(providers.map(provider => [provider.name, provider]))
  const usable = new Map<string, readonly ProxyStatus[] | undefined>()
  const usableFor = (name: string, words: string | null) => {
    const provider = byName.get(name)
    if (provider === undefined) return []
    const proxy = provider.overrides.proxy ?? settings.proxy
    const { origin } = new URL(provider.baseUrl)
    const meant = proxiesMeant(provider, origin, proxy, { proxies, direct }, words?.split(','))
    return meant?.filter(({ state }) => state === 'active')
  }
  return ({ id, provider, proxy }) => {
    const way = `${provider} ${proxy ?? ''}`
    if (!usable.has(way)) usable.set(way, usableFor(provider, proxy))
    const known = usable.get(way)
    return known ? (ownerOf(id, known)?.name ?? null) : DIRECTLY
  }
}
