import { BalanceError } from '../base/errors.ts'
import type { Outcome } from '../model/outcome.ts'
import type { CompiledTarget } from '../snapshot/route-table.ts'
import type { CompiledProvider } from '../snapshot/snapshot.ts'
import type { Attempt } from './attempt.ts'
import type { Course } from './course.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { relayRefusal } from './respond.ts'

/** So many failed attempts are named to the client; the record has all. */
const MOST_NAMED = 20

/** Without a full stop. */
export const OUT_OF_TIME = 'No answer came within first_byte_timeout'

/** Relays the last answer, or throws the error that stands for it. */
export function giveUp(
  exchange: Exchange,
  gateway: Gateway,
  attempt: Attempt,
  outcome: Outcome,
  { repeated, late }: Course,
): void {
  exchange.outcome = endOf(outcome)
  if (outcome.fault === 'auth' || outcome.fault === 'quota') {
    if (late) throw new BalanceError('upstream_timeout', `${OUT_OF_TIME}${tried(exchange)}.`)
    throw new BalanceError(
      'upstream_credentials_exhausted',
      `Every key that could be tried was refused by the upstream${tried(exchange)}.`,
    )
  }
  if (attempt.relay.status === 0 || outcome.code !== null) {
    const options = outcome.retryAfter === null ? {} : { retryAfter: outcome.retryAfter }
    const message = outcome.message.replace(/\.$/, '')
    const all = exchange.attempts > 1 ? `${message}${tried(exchange)}.` : outcome.message
    throw new BalanceError(outcome.code ?? 'upstream_error', all, options)
  }
  exchange.errorCode = outcome.detail
  relayRefusal(exchange, gateway, attempt.relay, outcome, repeated)
}

/** What an exchange that an attempt ended so is said to have ended with. */
export function endOf({ fault, code }: Outcome): string {
  if (fault === 'none') return 'ok'
  // The gateway's own doing is nobody's fault, but has a name.
  return fault === 'gone' ? (code ?? fault) : fault
}

/** ` (tried: k_one 401 invalid_api_key, k_two upstream_timeout)` */
function tried({ failures }: Exchange): string {
  const named = failures.slice(0, MOST_NAMED).map(({ keyId, status, code }) => {
    return status === null ? `${keyId} ${code}` : `${keyId} ${status} ${code}`
  })
  const rest = failures.length - named.length
  if (rest > 0) named.push(`${rest} more`)
  return ` (tried: ${named.join(', ')})`
}

/** No attempt was possible: the error says when the first key returns, where that is known. */
export function noKey(
  targets: readonly CompiledTarget[],
  model: string | null,
  now: number,
): BalanceError {
  const names = [...new Set(targets.map(({ provider }) => provider.name))].join(', ')
  if (targets.every(({ provider }) => provider.pool.size === 0)) {
    return new BalanceError('no_key_available', `Provider ${names} has no keys.`, {
      hint: `balance keys add ${targets[0]?.provider.name}`,
    })
  }
  const waits = targets.map(target => waitFor(target, model, now)).filter(isKnown)
  const message = targets.some(target => isFailing(target, model, now))
    ? `Provider ${names} fails for this model; it is left alone for a while.`
    : `No key of provider ${names} is usable now.`
  return new BalanceError(
    'no_key_available',
    message,
    waits.length === 0
      ? { hint: `balance keys list ${targets[0]?.provider.name}` }
      : { retryAfter: Math.min(...waits) },
  )
}

/** The error says when the next proxy is looked at. */
export function noProxy({ name, scope }: CompiledProvider, now: number): BalanceError {
  const { lookAt } = scope
  const message = `Provider ${name} is dialled through proxies, and none of them is usable now.`
  return new BalanceError(
    'proxy_unavailable',
    message,
    lookAt === null
      ? { hint: 'balance proxies list' }
      : { retryAfter: Math.max(1_000, lookAt - now) },
  )
}

function isKnown(wait: number | null): wait is number {
  return wait !== null
}

function waitFor(target: CompiledTarget, model: string | null, now: number): number | null {
  return target.provider.pool.wait(target.model ?? model ?? '', now)
}

function isFailing({ provider, model: asked }: CompiledTarget, model: string | null, now: number) {
  return !provider.pool.passes(asked ?? model ?? '', now)
}
