import { BalanceError } from '../base/errors.ts'
import type { Redactor } from '../base/redactor.ts'
import { brokenAnswer, type Outcome } from '../model/outcome.ts'
import { AttemptTimeout, codeOf, transportOutcome } from '../upstream/fault.ts'
import type { Relay } from '../upstream/relay.ts'

/** Nothing was relayed: our own doing, an answer that is none, or the transport's fault. */
export function failure({ error, sent, heldBytes }: Relay): Outcome {
  if (error === null) return heldBytes === 0 ? EMPTY : CUT_SHORT
  return error instanceof BalanceError ? ours(error) : transportOutcome(error, sent)
}

/** 2xx answers without what was asked for: an empty stream, or a JSON document cut short. */
const EMPTY = brokenAnswer('empty_body', 'The upstream sent an empty answer.')
const CUT_SHORT = brokenAnswer('truncated_answer', "The upstream's answer is cut short.")

/** An answer that ended after it was committed, and not by its own word. */
export function interruption(error: Error | null): Outcome {
  if (error instanceof BalanceError) return ours(error)
  if (error instanceof AttemptTimeout) return transportOutcome(error)
  const message =
    error === null
      ? 'The upstream ended its answer before it was complete.'
      : `The connection to the upstream broke inside its answer (${codeOf(error)}).`
  return { ...brokenAnswer('truncated', message), code: 'upstream_stream_interrupted' }
}

/** The gateway ended the attempt itself (shutdown, a limit, an operator): nobody is charged. */
function ours({ code, message, retryAfter }: BalanceError): Outcome {
  return { fault: 'gone', reach: 'ambiguous', retry: 'no', code, detail: code, message, retryAfter }
}

/** The words may be the upstream's own, and hold the key; they are kept with it, and shown. */
export function masked(outcome: Outcome, redactor: Redactor): Outcome {
  if (outcome.fault === 'none') return outcome
  const { detail, message } = outcome
  return { ...outcome, detail: redactor.redact(detail), message: redactor.redact(message) }
}
