import type { Headers, Tap } from '../model/dialect.ts'
import type { Relay } from './relay.ts'

/**
 * What to do with an answer, decided at its head.
 * - `pass`: commit now, relay as it comes
 * - `document`: hold until it is complete
 * - `stream`: hold until something meaningful was said
 * - `judge`: hold; it is an error, to be classified
 * - `sniff`: decide at the first byte of the body
 */
export type Handling = 'pass' | 'document' | 'stream' | 'judge' | 'sniff'

/** How one answer is handled, and what sees every byte of it. */
export interface Treatment {
  readonly handling: Handling
  readonly tap: Tap | null
}

/**
 * How an attempt ended.
 * - `complete`: the whole answer was relayed
 * - `refused`: nothing was relayed; status, headers and held bytes are there to be classified
 * - `failed`: nothing was relayed, and there is no answer
 * - `broken`: it broke off after bytes had been relayed
 * - `gone`: the client left
 */
export type Ending = 'complete' | 'refused' | 'failed' | 'broken' | 'gone'

/** What the relay asks of the attempt it works for; each at most once, but for `mask`. */
export interface Guide {
  /** The response head is there. May give a tap that sees every byte. */
  onHead(status: number, headers: Headers): Treatment
  /** The first bytes of a body whose head did not say what it is. */
  onFirst(chunk: Buffer, relay: Relay): Treatment
  /** Writes the head to the client: the first byte is about to follow. */
  onCommit(relay: Relay): void
  /** The chunk without any secret in it. */
  mask(chunk: Buffer): Buffer
  /** The first meaningful event of a stream went by. */
  onToken(relay: Relay): void
  onEnd(relay: Relay, ending: Ending): void
}
