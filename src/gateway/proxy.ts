import { BalanceError } from '../base/errors.ts'
import type { Outcome } from '../model/outcome.ts'
import { Attempt } from './attempt.ts'
import { Course } from './course.ts'
import type { Exchange } from './exchange.ts'
import { setAlarm } from './first-byte.ts'
import type { Gateway } from './gateway.ts'
import { endOf, giveUp, noKey, noProxy } from './give-up.ts'
import { noteFailure } from './note-failure.ts'
import { noPinnedKey } from './pinned.ts'
import { wordsOf } from './refusal.ts'

/**
 * Tries keys and targets until one answers, or no further attempt is right. Nothing is ever tried again
 * after a byte was relayed. Throws the error the client gets when there is no answer to relay.
 */
export async function proxy(exchange: Exchange, gateway: Gateway): Promise<void> {
  const course = new Course(exchange, gateway)
  const alarm = setAlarm(exchange, gateway)
  try {
    await attempt(exchange, gateway, course)
  } finally {
    alarm?.stop()
    course.end()
  }
}

async function attempt(exchange: Exchange, gateway: Gateway, course: Course): Promise<void> {
  let last: { attempt: Attempt; outcome: Outcome } | null = null
  while (!exchange.left) {
    const step = course.claims.next()
    if (step === null) break
    const attempt = new Attempt(exchange, gateway, step, course)
    exchange.attempt = attempt
    const outcome = await attempt.run()
    const pause = course.settle(step, outcome)
    if (outcome.fault !== 'none') note(exchange, gateway, attempt, outcome)
    if (attempt.relay.committed) return conclude(exchange, outcome)
    last = { attempt, outcome }
    if (pause === null) break
    if (pause > 0) await wait(exchange, gateway, pause)
  }
  if (exchange.left)
    throw new BalanceError('client_closed', 'The client left before it was answered.')
  if (last === null) throw noTarget(exchange, gateway, course)
  giveUp(exchange, gateway, last.attempt, last.outcome, course)
}

function noTarget(exchange: Exchange, { clock }: Gateway, course: Course): BalanceError {
  if (course.claims.unreachable !== null) {
    exchange.outcome = 'proxy'
    exchange.provider ??= course.claims.unreachable
    return noProxy(course.claims.unreachable, clock.now())
  }
  exchange.outcome = 'no_key'
  const { pin, targets } = exchange
  exchange.provider ??= targets[0]?.provider ?? null
  if (pin !== null) return noPinnedKey(pin, targets[0]?.model ?? exchange.model ?? '', clock.now())
  return noKey(targets, exchange.model, clock.now())
}

/** For a client that leaves meanwhile nothing more is waited. */
async function wait(exchange: Exchange, { clock }: Gateway, ms: number): Promise<void> {
  await new Promise<void>(resolve => {
    const timer = clock.after(ms, resolve)
    exchange.onLeft = () => {
      timer.stop()
      resolve()
    }
  })
  exchange.onLeft = null
}

/** The exchange ended with an answer, whole or broken off. */
function conclude(exchange: Exchange, outcome: Outcome): void {
  exchange.outcome = endOf(outcome)
  if (outcome.fault !== 'none') exchange.errorCode = outcome.code ?? outcome.detail
}

function note(exchange: Exchange, gateway: Gateway, attempt: Attempt, outcome: Outcome): void {
  const { relay, lease, number, startedWall, startedAt } = attempt
  const tried = {
    time: startedWall,
    attempt: number,
    provider: exchange.provider?.name ?? '',
    keyId: lease.key.id,
    model: exchange.served,
    status: relay.status || null,
    ms: gateway.clock.now() - startedAt,
  }
  const body = relay.heldBytes > 0 ? wordsOf(relay) : null
  noteFailure(exchange, gateway.redactor, tried, outcome, body)
}
