import type { Headers } from '../model/dialect.ts'

/**
 * Request headers that go upward. It is an allow-list: a header nobody thought of must not carry
 * a caller's secret or a billing redirect (`openai-organization`) to a vendor.
 */
const UPWARD = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'anthropic-beta',
  'anthropic-version',
  'idempotency-key',
  'openai-beta',
  'range',
  'traceparent',
  'tracestate',
  'user-agent',
  'x-goog-api-client',
  'x-goog-user-project',
])
const UPWARD_PREFIXES = ['content-', 'if-', 'x-stainless-']

/** RFC 9110 §7.6.1, and what speaks of this connection or this site only. */
const NOT_DOWNWARD = new Set([
  'alt-svc',
  'clear-site-data',
  'connection',
  'content-security-policy',
  'content-security-policy-report-only',
  'keep-alive',
  'nel',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-connection',
  'refresh',
  'report-to',
  'reporting-endpoints',
  'server',
  'service-worker-allowed',
  'set-cookie',
  'set-cookie2',
  'strict-transport-security',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  // A web server in front of us would send a file of its own for these.
  'x-accel-redirect',
  'x-lighttpd-send-file',
  'x-sendfile',
])
/** What may read an answer is for whoever serves it to say. */
const NOT_DOWNWARD_PREFIXES = ['access-control-', 'x-balance-']

export interface Upward {
  /** Lower-case names passed beyond the fixed list. */
  readonly forward: ReadonlySet<string>
  /** The provider's own headers, flat: name, value, …; they replace the client's. */
  readonly own: readonly string[]
  /** Lower-case names in `own`, and of the credential. */
  readonly replaced: ReadonlySet<string>
  /** Name and value of a header that is sent where the client sends none of this name. */
  readonly fallback: readonly [name: string, value: string] | null
}

/** Name and value of the header that carries a key. */
export type Credential = readonly [string, string]

/**
 * The head of an upstream request, flat: name, value, …
 * @param raw the client's headers as node:http gives them (`rawHeaders`)
 * @param readable the answer must be readable here, so no content coding is asked for
 */
export function upwardHeaders(
  raw: readonly string[],
  upward: Upward,
  credential: Credential,
  readable: boolean,
): string[] {
  const head: string[] = []
  const named = connectionTokens(raw)
  const names = namesOf(upward)
  for (let i = 0; i < raw.length; i += 2) {
    const name = nameUpward(raw[i] as string, upward, names)
    if (name === null || named?.has(name)) continue
    if (name !== 'accept-encoding' || !readable) head.push(name, raw[i + 1] as string)
  }
  if (readable) head.push('accept-encoding', 'identity')
  const { fallback } = upward
  if (fallback !== null && !hasHeader(head, fallback[0])) head.push(fallback[0], fallback[1])
  head.push(...upward.own)
  // Last, so that nothing before it can take its place.
  head.push(credential[0], credential[1])
  return head
}

function hasHeader(head: readonly string[], name: string): boolean {
  for (let i = 0; i < head.length; i += 2) if (head[i] === name) return true
  return false
}

/** What became of names met before: clients send the same few again and again, and may invent any. */
const NAMES = new WeakMap<Upward, Map<string, string | null>>()
const MOST_NAMES = 256

function namesOf(upward: Upward): Map<string, string | null> {
  const known = NAMES.get(upward)
  if (known !== undefined) return known
  const names = new Map<string, string | null>()
  NAMES.set(upward, names)
  return names
}

/** A name in lower case, where it goes up; else null. */
function nameUpward(raw: string, upward: Upward, names: Map<string, string | null>): string | null {
  const known = names.get(raw)
  if (known !== undefined) return known
  const lower = raw.toLowerCase()
  const name = !upward.replaced.has(lower) && goesUp(lower, upward.forward) ? lower : null
  if (names.size < MOST_NAMES) names.set(raw, name)
  return name
}

function goesUp(name: string, forward: ReadonlySet<string>): boolean {
  if (UPWARD.has(name) || forward.has(name)) return true
  if (name === 'content-length') return false
  for (const prefix of UPWARD_PREFIXES) if (name.startsWith(prefix)) return true
  return false
}

/** Header names that `Connection` makes hop-by-hop. */
function connectionTokens(raw: readonly string[]): Set<string> | null {
  let named: Set<string> | null = null
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue
    named = withTokens(named, raw[i + 1] as string)
  }
  return named
}

/** The usual two values name no header that would be passed. */
function withTokens(named: Set<string> | null, connection: string): Set<string> | null {
  const value = connection.toLowerCase()
  if (value === 'keep-alive' || value === 'close') return named
  const tokens = named ?? new Set<string>()
  for (const token of value.split(',')) tokens.add(token.trim())
  return tokens
}

/**
 * An upstream's headers as the client gets them, flat; bytes stay bytes (latin1 both ways).
 * The upstream's `x-request-id` becomes `x-upstream-request-id`; `x-balance-*` is ours alone.
 */
export function downwardHeaders(raw: readonly Buffer[]): string[] {
  const head: string[] = []
  let named: Set<string> | null = null
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as Buffer).toString('latin1')
    const lower = name.toLowerCase()
    if (lower === 'connection') named = withTokens(named, (raw[i + 1] as Buffer).toString('latin1'))
    if (NOT_DOWNWARD.has(lower) || NOT_DOWNWARD_PREFIXES.some(each => lower.startsWith(each)))
      continue
    const value = (raw[i + 1] as Buffer).toString('latin1')
    head.push(lower === 'x-request-id' ? 'x-upstream-request-id' : name, value)
  }
  if (named === null) return head
  const hop = named
  return head.filter((_, i) => !hop.has((head[i - (i % 2)] as string).toLowerCase()))
}

/** The same headers as undici has read them already (lower-case names): the first value of each. */
export function readHeaders(parsed: Record<string, string | string[] | undefined>): Headers {
  for (const name in parsed) {
    const value = parsed[name]
    if (typeof value === 'object') parsed[name] = value[0]
  }
  return parsed as Headers
}
