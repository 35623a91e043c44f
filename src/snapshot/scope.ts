import { BlockList, isIP } from 'node:net'
import type { ProxyHealth } from '../balancer/proxy-health.ts'
import type { Catalog, Provider } from '../model/catalog.ts'
import { type EgressProxy, proxyAddress } from '../model/egress-proxy.ts'
import type { ProviderSettings } from '../model/settings.ts'
import type { Via } from '../upstream/tunnel.ts'
import { type Exit, Scope } from './way.ts'

/**
 * How a provider may be dialled: directly, or through those of {@link proxiesMeant} that are usable. Where
 * they are switched off, gone or cannot be opened there is no way at all.
 * @param ofKey what one of its keys is dialled through, where that is said
 */
export function compileScope(
  provider: Provider,
  origin: string,
  { proxy, connect_timeout: connectTimeout }: ProviderSettings,
  { proxies, direct }: Pick<Catalog, 'proxies' | 'direct'>,
  health: ProxyHealth,
  ofKey?: readonly string[],
): Scope {
  const dialled = { origin, connectTimeout }
  const meant = proxiesMeant(provider, origin, proxy, { proxies, direct }, ofKey)
  if (meant === null) {
    const exit = { id: '', dial: Object.freeze({ ...dialled, via: null }), proxy: null }
    return new Scope([exit], health)
  }
  const exits = meant.filter(isReady).map((proxy): Exit => {
    const dial = Object.freeze({ ...dialled, via: viaOf(proxy) })
    return { id: proxy.id, dial, proxy: health.of(proxy.id) }
  })
  return new Scope(exits, health)
}

/**
 * The proxies that a setting `proxy` names, or, where that is `all`, every one there is. Whoever has proxies
 * wants them used. Loopback, and what `NO_PROXY` names, is dialled directly unless the provider, or the
 * key, names its proxies itself.
 * @returns null: it is dialled directly
 */
export function proxiesMeant<T extends { readonly name: string }>(
  { overrides }: Pick<Provider, 'overrides'>,
  origin: string,
  proxy: readonly string[],
  { proxies, direct }: { readonly proxies: readonly T[]; readonly direct: readonly string[] },
  ofKey?: readonly string[],
): readonly T[] | null {
  const wanted = ofKey ?? proxy
  const [word] = wanted
  const all = word === 'all'
  const own = (ofKey ?? overrides.proxy) !== undefined && !all
  const url = new URL(origin)
  const exempt = !own && (isLoopback(url.hostname) || isDirect(url, direct))
  if (word === 'none' || (all && proxies.length === 0) || exempt) return null
  return proxies.filter(({ name }) => all || wanted.includes(name))
}

/** A proxy as it is dialled. */
export function viaOf({ id, url, secret }: EgressProxy): Via {
  return Object.freeze({ id, ...proxyAddress(url), password: secret })
}

function isReady({ enabled, fault }: EgressProxy): boolean {
  return enabled && fault === null
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
}

/** `NO_PROXY` as curl has it: names with what is below them, `*`, addresses, networks; maybe a port. */
function isDirect({ hostname, port, protocol }: URL, direct: readonly string[]): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const here = port || (protocol === 'https:' ? '443' : '80')
  return direct.some(entry => {
    if (entry === '*') return true
    if (entry.includes('/')) return isWithin(host, entry)
    const [, name = '', only] =
      /^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(isIP(entry) ? `[${entry}]` : entry) ?? []
    if (only !== undefined && only !== here) return false
    const wanted = name.toLowerCase().replace(/^\*?\./, '')
    return wanted !== '' && (host === wanted || (!isIP(host) && host.endsWith(`.${wanted}`)))
  })
}

function isWithin(host: string, network: string): boolean {
  const [address = '', bits = ''] = network.split('/')
  const family = isIP(address)
  const most = family === 4 ? 32 : 128
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(bits) || Number(bits) > most) {
    return false
  }
  const list = new BlockList()
  list.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6')
  return list.check(host, family === 4 ? 'ipv4' : 'ipv6')
}
