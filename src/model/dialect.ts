import type { BalanceError } from '../base/errors.ts'
import type { Outcome } from './outcome.ts'
import type { Usage } from './usage.ts'

/** The API families whose bodies, streams and errors differ. */
export type DialectName = 'openai' | 'anthropic' | 'gemini'

/**
 * Looks at an answer's bytes as they are relayed; never changes them.
 * Made per attempt; `push` is called with every chunk, in order, then `end` once.
 */
export interface Tap {
  push(chunk: Buffer): void
  end(): void
  /** Something worth committing to was seen: a first token, not a comment or a prologue. */
  readonly meaningful: boolean
  /** The stream said itself that it is complete (`[DONE]`, `message_stop`, …). */
  readonly terminated: boolean
  /** The stream carried an error event; the first one. */
  readonly failure: Outcome | null
  readonly usage: Usage
  /** An event was read, not only a comment; whoever watches clears it. */
  lively: boolean
  /** How many bytes at the end of the last chunk came after the stream's own last word. */
  readonly excess: number
}

/** How one API family reads and speaks. Implementations are stateless; `tap` makes the state. */
export interface Dialect {
  readonly name: DialectName
  /**
   * Judges a complete, refused answer (status ≥ 400, or 2xx with a body that is no answer).
   * @param headers lower-case names
   * @param body decoded bytes, possibly cut at 64 KiB
   * @param wall milliseconds since the epoch, for dates in headers
   */
  classify(status: number, headers: Headers, body: Buffer, wall: number): Outcome
  /** An error as this family's clients expect it: a complete JSON body. */
  errorBody(error: BalanceError, requestId: string): string
  /** The same as a stream event, blank line included; it begins a line of its own. */
  errorEvent(error: BalanceError, requestId: string): string
  /** How its streams are read, and broken off, where they come as one JSON array; absent: they never do. */
  readonly array?: Dialect
  /** A tap for a stream: of events, or of what else this dialect's streams are. */
  streamTap(): Tap
  /** A tap for a JSON answer: finds usage, and whether the document is complete. */
  jsonTap(): Tap
}

/** Response headers as one attempt received them: lower-case name → value (first one where repeated). */
export type Headers = Readonly<Record<string, string | undefined>>
