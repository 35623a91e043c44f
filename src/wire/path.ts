import { BalanceError } from '../base/errors.ts'
import { nearest, printable } from '../base/text.ts'
import { mendEndpoint, segmentsOf } from './mend.ts'
import { cutQuery } from './query.ts'

/** The providers that a path may name. */
export interface ProviderIndex {
  readonly byName: ReadonlyMap<string, { readonly name: string }>
  /** By the second segment that some have. */
  readonly byPath: ReadonlyMap<string, { readonly name: string }>
}

/** What a request's target asks for. */
export interface Route {
  /** `reserved`: the gateway's own; `default`: the model's route, or the default provider, decides. */
  readonly kind: 'reserved' | 'provider' | 'default'
  /** The provider's name where `kind` is `provider`. */
  readonly provider: string | null
  /** The path without the provider; `/v1/…` for most, see {@link joinUpstream}. */
  readonly path: string
  /** As it came, with its `?`, without what was meant for the gateway; empty where nothing is left. */
  readonly query: string
  /** A credential given as `?key=`, decoded. */
  readonly presentedKey: string | null
  /** `?provider=` on a default path, decoded; it is resolved in `provider` already. */
  readonly providerParam: string | null
}

interface Match {
  readonly kind: Route['kind']
  readonly provider: string | null
  /** The leading segments that named it, as `/hf/deepseek`. */
  readonly prefix: string
  readonly path: string
}

/** Control bytes and backslashes, also encoded, also twice; encoded dots and slashes; a fragment. */
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  /[\u0000-\u0020\u007f\\#]|%(?:25)*(?:[01][0-9a-f]|7f|2e|2f|5c)|\/\.{1,2}(?:\/|$)/i
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const UNSAFE_QUERY = /[\u0000-\u0020\u007f#]/

const OWN: ReadonlySet<string> = new Set(['livez', 'readyz', 'health', 'metrics'])
/** The original's prefixes, kept for its clients. */
const LEGACY: ReadonlySet<string> = new Set(['hf', 'openai'])
const VERSIONS: ReadonlySet<string> = new Set(['v1', 'v1beta'])
/** Several behind the first segment. */
const SLASHES = /^(\/[^/]+)\/{2,}/

/**
 * Reads a request's target, as it stands in the request line (origin-form, RFC 9112 §3.2.1).
 * @param normalize mend common mistakes; idempotent, and never to another provider
 * @throws BalanceError invalid_path, provider_not_found
 */
export function parseTarget(
  target: string,
  known: ProviderIndex,
  options: { readonly normalize: boolean },
): Route {
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const rawQuery = mark === -1 ? '' : target.slice(mark + 1)
  refuseUnsafe(path, rawQuery)
  const found = match(path, known) ?? (options.normalize ? mended(path, known) : null)
  if (!found) throw notFound(path, known)
  return routeOf(found, rawQuery, known, options.normalize)
}

/** The path as the normaliser would have it written; unchanged where it recognises nothing. */
export function normalizePath(path: string, known: ProviderIndex): string {
  const found = match(path, known) ?? mended(path, known)
  if (!found || found.kind === 'reserved') return found?.path ?? path
  const rest = mendEndpoint(found.path)
  return rest === '/' && !path.endsWith('/') ? found.prefix : found.prefix + rest
}

function routeOf(found: Match, rawQuery: string, known: ProviderIndex, normalize: boolean): Route {
  const { query, key, provider } = cutQuery(rawQuery, found.kind === 'default')
  const named = provider === null ? found.provider : providerOf(provider, known)
  if (provider !== null && named === null) throw unknownProvider(provider, known)
  return {
    kind: provider === null ? found.kind : 'provider',
    provider: named,
    path: normalize && found.kind !== 'reserved' ? mendEndpoint(found.path) : found.path,
    query,
    presentedKey: key,
    providerParam: provider,
  }
}

function refuseUnsafe(path: string, query: string): void {
  if (path.charCodeAt(0) === 0x2f && !UNSAFE.test(path) && !UNSAFE_QUERY.test(query)) return
  throw new BalanceError('invalid_path', 'The request target is not a plain path.', {
    hint: 'It begins with / and holds no \\, no dot segments, no encoded dots or slashes, no control bytes.',
  })
}

/** By the rules as they stand, in their order; null where none fits. */
function match(path: string, known: ProviderIndex): Match | null {
  const [, first = '', second = '', third = ''] = path.split('/', 4)
  if (isOwn(path, first)) return { kind: 'reserved', provider: null, prefix: '', path }
  const provider = providerOf(first, known)
  // After two slashes some servers expect a host (RFC 3986 §4.2).
  if (provider !== null && SLASHES.test(path)) return match(path.replace(SLASHES, '$1/'), known)
  const legacy = LEGACY.has(first)
  if (legacy && VERSIONS.has(third)) {
    const behind = providerOf(second, known)
    if (behind !== null) return matched(behind, `/${first}/${second}`, path)
  }
  if (provider !== null) return matched(provider, `/${first}`, path)
  if (legacy && VERSIONS.has(second)) return matched(null, `/${first}`, path)
  return VERSIONS.has(first) ? matched(null, '', path) : null
}

function isOwn(path: string, first: string): boolean {
  return first === 'admin' || (OWN.has(first) && path.length === first.length + 1)
}

function matched(provider: string | null, prefix: string, path: string): Match {
  const kind = provider === null ? 'default' : 'provider'
  return { kind, provider, prefix, path: path.slice(prefix.length) || '/' }
}

function providerOf(segment: string, known: ProviderIndex): string | null {
  return (known.byName.get(segment) ?? known.byPath.get(segment))?.name ?? null
}

/** A path that matches nothing as it stands, put right and matched once more. */
function mended(path: string, known: ProviderIndex): Match | null {
  const right = withRightPrefix(withoutApi(segmentsOf(path), known), known)
  return right === null ? null : match(right, known)
}

/** A leading `api` says nothing, unless a provider is called so. */
function withoutApi(segments: readonly string[], known: ProviderIndex): readonly string[] {
  if (providerOf('api', known) !== null) return segments
  const from = segments.findIndex(segment => segment.toLowerCase() !== 'api')
  return from === -1 ? [] : segments.slice(from)
}

function withRightPrefix(segments: readonly string[], known: ProviderIndex): string | null {
  const [first = '', second = ''] = segments.map(segment => segment.toLowerCase())
  if (isOwn(`/${segments.join('/')}`, first)) return ['', first, ...segments.slice(1)].join('/')
  if (LEGACY.has(first)) {
    const named = providerOf(second, known) !== null
    const right = named ? withVersion(`/${first}/${second}`, segments.slice(2)) : null
    if (right !== null) return right
  }
  if (providerOf(first, known) !== null) return ['', first, ...segments.slice(1)].join('/')
  if (LEGACY.has(first)) return withVersion(`/${first}`, segments.slice(1))
  return withVersion('', segments)
}

/** The path below `prefix` if it is, or can be mended to be, one with a version; else null. */
function withVersion(prefix: string, segments: readonly string[]): string | null {
  const path = mendEndpoint(`/${segments.join('/')}`)
  if (VERSIONS.has(segmentsOf(path)[0] ?? '')) return prefix + path
  const [first = '', ...rest] = segments
  const version = first.toLowerCase()
  return VERSIONS.has(version) ? [prefix, version, ...rest].join('/') : null
}

function notFound(path: string, known: ProviderIndex): BalanceError {
  const segments = segmentsOf(path)
  const [first = '', ...rest] = LEGACY.has(segments[0] ?? '') ? segments.slice(1) : segments
  const near = nearestTo(first, known)
  return new BalanceError('provider_not_found', `${printable(path)} names no provider.`, {
    hint:
      near === null
        ? 'Paths begin with /v1, or with the name of a provider and /v1.'
        : `Did you mean ${printable(['', near, ...rest].join('/'))}?`,
  })
}

function unknownProvider(segment: string, known: ProviderIndex): BalanceError {
  const near = nearestTo(segment, known)
  return new BalanceError('provider_not_found', `There is no provider "${printable(segment)}".`, {
    ...(near !== null && { hint: `Did you mean ${near}?` }),
  })
}

function nearestTo(segment: string, { byName, byPath }: ProviderIndex): string | null {
  return nearest(segment, [...byName.keys(), ...byPath.keys(), ...VERSIONS, ...OWN])
}

/** `/v1`, `/v4`, `/v1beta`, … */
const VERSION = /^v\d[a-z0-9]*$/
/**
 * A base path with a version, and what comes before that. Vendors print it last, or with their
 * OpenAI-compatible endpoints mounted on it: `https://generativelanguage.googleapis.com/v1beta/openai`,
 * `https://api.deepinfra.com/v1/openai`.
 */
const VERSIONED_BASE = /^(.*)\/v\d[a-z0-9]*(?:\/openai)?$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const ORIGIN_FORM = /^\/[^\u0000-\u0020\u007f\\#?]*(?:\?[^\u0000-\u0020\u007f#]*)?$/

/**
 * The path and query to ask a fixed origin for. The client's `/v1` is a façade: a base with a version
 * keeps its own, one without takes it over; another version of the client's replaces the base's.
 * @param basePath of the base URL, without a slash at its end; empty for a bare origin
 * @param path of a {@link Route}
 * @param query with its `?`, or empty
 * @throws BalanceError internal_error if the result could name another origin (RFC 9112 §3.2.1)
 */
export function joinUpstream(basePath: string, path: string, query: string): string {
  const slash = path.indexOf('/', 1)
  const first = path.slice(1, slash === -1 ? undefined : slash)
  const base = VERSION.test(first) ? VERSIONED_BASE.exec(basePath) : null
  let joined = basePath + (path === '/' ? '' : path)
  if (base) joined = first === 'v1' ? basePath + path.slice('/v1'.length) : base[1] + path
  return originForm((joined || '/') + query)
}

/**
 * A path and query that stay below a fixed origin, whatever they are made of (RFC 9112 §3.2.1).
 * @throws BalanceError internal_error
 */
export function originForm(target: string): string {
  if (ORIGIN_FORM.test(target)) return target
  throw new BalanceError('internal_error', 'A request would have left its origin.')
}
