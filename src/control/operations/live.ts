import * as z from 'zod'
import type { Explanation } from '../../model/explanation.ts'
import type { DaemonStatus } from '../../model/status.ts'
import { change, local, read } from '../operation.ts'

const NOTHING = z.strictObject({})

/** What became of a configuration file that was read again. */
export interface Reloaded {
  readonly taken: readonly string[]
  readonly overridden: readonly string[]
  readonly left: readonly string[]
}

/** What only a running daemon can say or do. */
export const LIVE = {
  /** Everything live: workers, keys by state, store health. */
  status: read<DaemonStatus>()(NOTHING),
  /**
   * The store has changed: answers when this revision is in force, or why it cannot be, and what
   * others learned about keys is known.
   */
  nudge: local<{ readonly revision: number; readonly error: string | null }>()(
    z.strictObject({ revision: z.int().nonnegative() }),
  ),
  /** Reads the configuration file again, takes its values into the store, puts the result in force. */
  reload: change<Reloaded>()({}),
  /** Drains and ends the daemon; `now` skips the drain. Answered before it begins. */
  stop: local<{ readonly pid: number }>()(z.strictObject({ now: z.boolean() })),
  /** Ends attempts in flight on these keys. */
  abort: local<{ readonly aborted: number }>()(z.strictObject({ keys: z.array(z.string()) })),
  /** Writes what keys have learned, and all waiting records, to the store. */
  flush: local<Record<string, never>>()(NOTHING),
  /** Makes a link that logs a browser in, once, within the next 30 s. */
  'dashboard.link': local<{ readonly path: string }>()(NOTHING),
  /** Where a POST to this path for this model would go now; `token` by id or name, null: no limits. */
  explain: read<Explanation>()(
    z.strictObject({
      model: z.nullable(z.string()),
      token: z.nullable(z.string()).default(null),
      path: z.string().default('/v1/chat/completions'),
    }),
  ),
}
