import * as z from 'zod'
import type { Explanation } from '../model/explanation.ts'
import type { ExchangeRecord, RecordFilter } from '../model/record.ts'
import type { DaemonStatus } from '../model/status.ts'

/** What comes out of each operation. */
interface Answers {
  readonly status: DaemonStatus
  readonly nudge: { readonly revision: number; readonly error: string | null }
  readonly reload: {
    readonly revision: number
    readonly taken: readonly string[]
    readonly overridden: readonly string[]
    readonly left: readonly string[]
    readonly error: string | null
  }
  readonly stop: { readonly pid: number }
  readonly abort: { readonly aborted: number }
  readonly flush: Record<string, never>
  readonly explain: Explanation
}

/**
 * The one table of what operators may ask a running daemon, with what each takes.
 * The control socket speaks exactly these, as `POST /<name>` with JSON both ways.
 */
export const OPERATIONS = {
  /** Everything live: workers, keys by state, store health. */
  status: z.strictObject({}),
  /**
   * The store has changed: answers when this revision is in force, or why it cannot be, and what
   * others learned about keys is known.
   */
  nudge: z.strictObject({ revision: z.int().nonnegative() }),
  /** Reads the configuration file again, takes its values into the store, puts the result in force. */
  reload: z.strictObject({}),
  /** Drains and ends the daemon; `now` skips the drain. Answered before it begins. */
  stop: z.strictObject({ now: z.boolean() }),
  /** Ends attempts in flight on these keys. */
  abort: z.strictObject({ keys: z.array(z.string()) }),
  /** Writes what keys have learned, and all waiting records, to the store. */
  flush: z.strictObject({}),
  /** Where a POST to this path for this model would go now; `token` by id or name, null: no limits. */
  explain: z.strictObject({
    model: z.nullable(z.string()),
    token: z.nullable(z.string()),
    path: z.string(),
  }),
} as const satisfies Record<keyof Answers, z.ZodType>

export type OperationName = keyof typeof OPERATIONS

export type Operations = {
  readonly [K in OperationName]: {
    readonly in: z.infer<(typeof OPERATIONS)[K]>
    readonly out: Answers[K]
  }
}

/** What carries the operations out: the daemon. */
export type Operator = {
  readonly [K in OperationName]: (input: Operations[K]['in']) => Promise<Operations[K]['out']>
}

/** `POST /tail` takes a filter and streams lines, one JSON object each. */
export const TAIL_FILTER = z.strictObject({
  provider: z.string().exactOptional(),
  key: z.string().exactOptional(),
  token: z.string().exactOptional(),
  model: z.string().exactOptional(),
  status: z.string().exactOptional(),
  path: z.string().exactOptional(),
  requestId: z.string().exactOptional(),
}) satisfies z.ZodType<{ [K in keyof RecordFilter]?: unknown }>

/** An exchange that just ended; it may not be in the store yet, so it has no number. */
export type LiveExchange = Omit<ExchangeRecord, 'failures'>

/** A line of `tail`: an exchange, or how many were left out because the reader was slow. */
export type TailLine = { readonly exchange: LiveExchange } | { readonly dropped: number }
