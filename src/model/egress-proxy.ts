import { BalanceError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import type { Origin } from './catalog.ts'

export const PROXY_SCHEMES = ['http', 'https', 'socks5'] as const
export type ProxyScheme = (typeof PROXY_SCHEMES)[number]

/** What upstreams may be dialled through. */
export interface EgressProxy {
  /** Opaque, safe to show: `x_` and ten characters. */
  readonly id: string
  /** Unique, as a provider's; none of {@link PROXY_WORDS}. */
  readonly name: string
  /** `socks5://user@host:1080`: always with its port, never with its password. */
  readonly url: string
  readonly enabled: boolean
  /** Whether it is given a password. */
  readonly protected: boolean
  /** `env:NAME` or `file:/path` where the password is kept outside the store. */
  readonly reference: string | null
  /** The password; null where there is none, and where it could not be opened or resolved. */
  readonly secret: Secret | null
  readonly fault: { readonly state: 'sealed' | 'invalid'; readonly reason: string } | null
  readonly origin: Origin
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

/** What the setting `proxy` takes in the place of names. */
export const PROXY_WORDS: readonly string[] = ['all', 'none']

export interface ProxyAddress {
  readonly scheme: ProxyScheme
  /** A name, or an address without brackets. */
  readonly host: string
  readonly port: number
  readonly user: string | null
}

/** A proxy's URL as an operator gives it, its password apart. */
export interface GivenProxyUrl {
  readonly url: string
  readonly password: Secret | null
}

const PORTS: Readonly<Record<ProxyScheme, number>> = { http: 80, https: 443, socks5: 1080 }

/**
 * Reads `http|https|socks5://[user[:password]@]host[:port]`; `socks5h` is `socks5`, for the proxy
 * resolves names either way.
 * @throws BalanceError invalid_value; what was given is not repeated, for it may hold a password
 */
export function parseProxyUrl(given: string): GivenProxyUrl {
  const text = given.trim()
  const [, written = ''] = /^([a-z0-9]+):\/\//i.exec(text) ?? []
  const scheme = written.toLowerCase().replace(/^socks5h$/, 'socks5') as ProxyScheme
  // As http, for URL reads hosts and ports of the schemes that it knows.
  const http = `http://${text.slice(written.length + 3)}`
  if (!PROXY_SCHEMES.includes(scheme) || /[\s\\]/.test(text) || !URL.canParse(http)) throw wrong()
  const url = new URL(http)
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') throw wrong()
  if (url.username === '' && url.password !== '') throw wrong()
  const user = url.username === '' ? '' : `${url.username}@`
  const port = portIn(text) ?? PORTS[scheme]
  const password = url.password === '' ? null : new Secret(decoded(url.password))
  const fault = password === null ? null : passwordFault(password)
  if (fault !== null) throw new BalanceError('invalid_value', `The password ${fault}.`)
  if (Buffer.byteLength(decoded(url.username)) > 255) throw wrong()
  return { url: `${scheme}://${user}${url.hostname}:${port}`, password }
}

/** The port as it is written: `URL` leaves one out that is the scheme's own. */
function portIn(text: string): number | null {
  const [, port] = /:(\d{1,5})\/?$/.exec(text) ?? []
  return port === undefined ? null : Number(port)
}

/** What is wrong with a password, as the rest of a sentence; null for a good one. */
export function passwordFault(secret: Secret): string | null {
  const value = secret.reveal()
  if (value === '') return 'is empty'
  if (Buffer.byteLength(value) > 255) return 'is longer than 255 bytes'
  return /\p{Cc}/u.test(value) ? 'holds control characters' : null
}

/** @param url as {@link parseProxyUrl} gives it */
export function proxyAddress(url: string): ProxyAddress {
  const [scheme = ''] = url.split('://', 1)
  const { hostname, port, username } = new URL(url.replace(/^[a-z0-9]+:/, 'http:'))
  return {
    scheme: scheme as ProxyScheme,
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || 80),
    user: username === '' ? null : decoded(username),
  }
}

/** `socks5://user:…@host:1080` */
export function shownProxyUrl({ url, protected: has }: Pick<EgressProxy, 'url' | 'protected'>) {
  return has ? url.replace('@', ':…@') : url
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw wrong()
  }
}

function wrong(): BalanceError {
  return new BalanceError('invalid_value', 'This is not the URL of a proxy.', {
    hint: 'Write it like http://proxy.lan:3128, https://… or socks5://user@proxy.lan:1080.',
  })
}

export function isProxyName(name: string): boolean {
  return /^[a-z0-9][a-z0-9._-]{0,62}$/.test(name) && !PROXY_WORDS.includes(name)
}

/** @throws BalanceError invalid_value */
export function checkProxyName(name: string): void {
  if (isProxyName(name)) return
  throw new BalanceError('invalid_value', 'This cannot name a proxy.', {
    hint: 'It takes 1 to 63 of a-z, 0-9, dot, dash and underscore, and is neither all nor none.',
  })
}

export interface NewEgressProxy {
  readonly name: string
  readonly url: string
  /** The clear password, or a reference (`env:NAME`, `file:/path`); null: it needs none. */
  readonly password: Secret | null
}

export interface EgressProxyChange {
  readonly url?: string
  /** Null: it needs none any more. */
  readonly password?: Secret | null
  readonly enabled?: boolean
}
