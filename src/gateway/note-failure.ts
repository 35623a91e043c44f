import type { Redactor } from '../base/redactor.ts'
import { printable } from '../base/text.ts'
import type { Outcome } from '../model/outcome.ts'
import type { AttemptRecord } from '../model/record.ts'
import type { Exchange } from './exchange.ts'

/** An excerpt of a failed attempt is cut at this many bytes. */
const EXCERPT = 2_048
/** So much is masked before it is cut: a secret that the cut halves would not be recognised. */
const MASKED = 65_536

/** What is written down of an attempt besides its outcome. */
export type Tried = Pick<
  AttemptRecord,
  'time' | 'attempt' | 'provider' | 'keyId' | 'model' | 'status' | 'ms'
>

/**
 * Writes a failed attempt down: what the upstream said, masked, cut, and fit to print.
 * @param body as far as it was held; null where there is none
 */
export function noteFailure(
  exchange: Exchange,
  redactor: Redactor,
  tried: Tried,
  { fault, detail, code, message }: Outcome,
  body: Buffer | null,
): void {
  const said = body === null ? message : body.toString('utf8', 0, MASKED)
  exchange.failures.push({
    ...tried,
    fault,
    code: printable(detail || code || fault),
    excerpt: printable(redactor.redact(said), EXCERPT),
    ms: Math.round(tried.ms),
  })
}
