import { hash } from 'node:crypto'
import { BalanceError } from '../base/errors.ts'
import type { CompiledToken, Snapshot } from '../snapshot/snapshot.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { isLocal } from './local-caller.ts'

const TOKEN = /^[\x21-\x7e]{1,256}$/
const BEARER = /^bearer +([^ ].*)$/i
const CREDENTIALS: ReadonlySet<string> = new Set([
  'authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
])

/** Finds out whose request it is, and claims one of its token's limits. */
export function authenticate(exchange: Exchange, gateway: Gateway): void {
  const token = identify(exchange, gateway.anonymous)
  if (token !== null) admitCaller(exchange, token)
}

/**
 * Finds the client token among all presented credentials. One valid token suffices, two different
 * ones are ambiguous. Tokens are looked up by their SHA-256, so timing tells nothing of them.
 * @param anonymous local callers need none
 * @returns null for a local caller that presented nothing
 * @throws BalanceError invalid_token, ambiguous_credentials
 */
export function identify(exchange: Exchange, anonymous: boolean): CompiledToken | null {
  const presented = credentialsOf(exchange)
  const token = findToken(presented, exchange.snapshot)
  if (token === null) {
    if (anonymous && presented.length === 0 && isLocal(exchange.request)) return null
    throw refusal(presented, anonymous)
  }
  if (token.expired(exchange.startedWall) || (token.weak && !isLocal(exchange.request))) {
    throw refusal(presented, anonymous)
  }
  return token
}

/** Claims one request of the token's own limits; the account gives it back. */
function admitCaller(exchange: Exchange, token: CompiledToken): void {
  const wait = token.caller.enter(exchange.startedAt)
  if (wait > 0) throw atLimit(token, wait)
  exchange.token = token
}

export function atLimit({ name }: CompiledToken, wait: number): BalanceError {
  return new BalanceError('rate_limit_exceeded', `Token ${name} is at its own limit.`, {
    retryAfter: wait,
  })
}

/** All of them: of two headers of one name Node's `headers` would hide the second, or join both. */
function credentialsOf({ request, route }: Exchange): string[] {
  const presented: string[] = []
  const raw = request.rawHeaders
  for (let at = 0; at < raw.length; at += 2) {
    const name = (raw[at] as string).toLowerCase()
    if (!CREDENTIALS.has(name)) continue
    const value = raw[at + 1] as string
    add(presented, name === 'authorization' ? (BEARER.exec(value)?.[1] ?? value) : value)
  }
  add(presented, route?.presentedKey ?? undefined)
  return presented
}

function add(presented: string[], value: string | undefined): void {
  if (value !== undefined && value !== '' && !presented.includes(value)) presented.push(value)
}

function findToken(presented: readonly string[], snapshot: Snapshot): CompiledToken | null {
  let found: CompiledToken | null = null
  for (const value of presented) {
    const token = TOKEN.test(value) ? snapshot.tokens.get(hash('sha256', value, 'hex')) : undefined
    if (token === undefined) continue
    if (found !== null && found !== token) {
      throw new BalanceError('ambiguous_credentials', 'Two different valid tokens were presented.')
    }
    found = token
  }
  return found
}

/** One message for absent, unknown, expired and weak tokens: which it was is nobody's business. */
function refusal(presented: readonly string[], anonymous: boolean): BalanceError {
  if (presented.length > 0) {
    return new BalanceError('invalid_token', 'The client token presented is not valid here.')
  }
  const local = anonymous ? ' (calls without one are served to local callers only)' : ''
  return new BalanceError(
    'invalid_token',
    `No client token was presented${local}. Send it as "Authorization: Bearer …"; balance tokens create NAME makes one.`,
  )
}
