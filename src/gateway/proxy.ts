import type { KeyState } from '../balancer/key-state.ts'
import { BalanceError } from '../base/errors.ts'
import { printable } from '../base/text.ts'
import { isPermanent, isTransient, type Outcome } from '../model/outcome.ts'
import type { CompiledProvider } from '../snapshot/snapshot.ts'
import { Attempt } from './attempt.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { relayRefusal } from './respond.ts'

/** An excerpt of a failed attempt is cut at this many bytes. */
const EXCERPT = 2_048
/** So much is masked before it is cut: a secret that the cut halves would not be recognised. */
const MASKED = 65_536

/**
 * Tries keys until one answers, or no further attempt is right. Nothing is ever tried again after a
 * byte was relayed. Throws the error the client gets when there is no answer to relay.
 */
export async function proxy(exchange: Exchange, gateway: Gateway): Promise<void> {
  const provider = exchange.provider as CompiledProvider
  const tried: KeyState[] = []
  const spent: Spent = { transient: 0, ambiguous: 0 }
  let last: { attempt: Attempt; outcome: Outcome } | null = null
  while (!exchange.left) {
    const lease = provider.pool.select(exchange.model ?? '', tried, gateway.clock.now())
    if (lease === null) break
    const key = provider.keys.get(lease.key.id)
    if (key === undefined) {
      // Added after this exchange began: it belongs to a newer snapshot than ours.
      lease.release(UNUSED, gateway.clock.now(), gateway.clock.wall())
      tried.push(lease.key)
      continue
    }
    const attempt = new Attempt(exchange, gateway, provider, lease)
    exchange.attempt = attempt
    exchange.keyId = key.id
    const outcome = await attempt.run(key)
    lease.release(outcome, gateway.clock.now(), gateway.clock.wall())
    if (outcome.fault !== 'none') note(exchange, gateway, attempt, outcome)
    if (attempt.relay.committed) return conclude(exchange, outcome)
    last = { attempt, outcome }
    if (!mayRetry(exchange, gateway, provider, outcome, spent)) break
    if (isKeyFault(outcome)) tried.push(lease.key)
  }
  if (exchange.left)
    throw new BalanceError('client_closed', 'The client left before it was answered.')
  if (last === null) throw noKey(exchange, gateway, provider)
  giveUp(exchange, gateway, last.attempt, last.outcome, spent.transient > 1)
}

/** The claim was given back without being used. */
const UNUSED: Outcome = {
  fault: 'gone',
  reach: 'not-sent',
  retry: 'no',
  code: null,
  detail: '',
  message: '',
  retryAfter: null,
}

/** What this exchange has used of its budgets. */
interface Spent {
  /** Attempts that ended in a transient fault. */
  transient: number
  /** Repeats of a request that may have acted. */
  ambiguous: number
}

function isKeyFault({ fault }: Outcome): boolean {
  return isPermanent(fault) || fault === 'rate'
}

function mayRetry(
  exchange: Exchange,
  gateway: Gateway,
  provider: CompiledProvider,
  outcome: Outcome,
  spent: Spent,
): boolean {
  if (isTransient(outcome.fault)) spent.transient++
  else if (!isPermanent(outcome.fault)) return false
  if (exchange.body?.streaming) return false
  if (spent.transient >= provider.settings.max_retries) return false
  if (gateway.clock.now() >= exchange.startedAt + provider.settings.first_byte_timeout) return false
  if (outcome.fault !== 'provider') return true
  if (outcome.reach !== 'not-sent' && exchange.endpoint.repeat === 'stateful') return false
  if (outcome.reach === 'ambiguous' && spent.ambiguous++ > 0) return false
  return provider.pool.budget.spend()
}

/** The exchange ended with an answer, whole or broken off. */
function conclude(exchange: Exchange, outcome: Outcome): void {
  exchange.outcome = outcome.fault === 'none' ? 'ok' : outcome.fault
  if (outcome.fault !== 'none') exchange.errorCode = outcome.code ?? outcome.detail
}

function giveUp(
  exchange: Exchange,
  gateway: Gateway,
  attempt: Attempt,
  outcome: Outcome,
  repeated: boolean,
): void {
  exchange.outcome = outcome.fault
  if (outcome.fault === 'auth' || outcome.fault === 'quota') {
    throw new BalanceError(
      'upstream_credentials_exhausted',
      `Every key that could be tried was refused by the upstream (${exchange.attempts} tried).`,
    )
  }
  if (attempt.relay.status === 0 || outcome.code !== null) {
    const options = outcome.retryAfter === null ? {} : { retryAfter: outcome.retryAfter }
    // It may be the upstream's own words, and hold the key.
    const message = gateway.redactor.redact(outcome.message)
    throw new BalanceError(outcome.code ?? 'upstream_error', message, options)
  }
  exchange.errorCode = outcome.detail
  relayRefusal(exchange, gateway, attempt.relay, outcome, repeated)
}

function noKey(exchange: Exchange, gateway: Gateway, provider: CompiledProvider): BalanceError {
  exchange.outcome = 'no_key'
  if (provider.pool.size === 0) {
    return new BalanceError('no_key_available', `Provider ${provider.name} has no keys.`, {
      hint: `balance keys add ${provider.name}`,
    })
  }
  const model = exchange.model ?? ''
  const now = gateway.clock.now()
  const wait = provider.pool.wait(model, now)
  const failing = provider.pool.breakers(now)[model] !== undefined
  return new BalanceError(
    'no_key_available',
    failing
      ? `Provider ${provider.name} fails for this model; it is left alone for a while.`
      : `No key of provider ${provider.name} is usable now.`,
    wait === null ? { hint: `balance keys list ${provider.name}` } : { retryAfter: wait },
  )
}

/** Writes the failed attempt down: what the upstream said, masked, cut, and fit to print. */
function note(exchange: Exchange, gateway: Gateway, attempt: Attempt, outcome: Outcome): void {
  const { relay } = attempt
  const said =
    relay.heldBytes > 0 ? Buffer.concat(relay.held).toString('utf8', 0, MASKED) : outcome.message
  exchange.failures.push({
    time: attempt.startedWall,
    attempt: attempt.number,
    provider: exchange.provider?.name ?? '',
    keyId: attempt.lease.key.id,
    model: exchange.model,
    status: relay.status || null,
    fault: outcome.fault,
    code: printable(gateway.redactor.redact(outcome.detail || outcome.code || outcome.fault)),
    excerpt: printable(gateway.redactor.redact(said), EXCERPT),
    ms: Math.round(gateway.clock.now() - attempt.startedAt),
  })
}
