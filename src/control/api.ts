import type { StoredExchange } from '../model/record.ts'
import type { DaemonStatus } from '../model/status.ts'

/**
 * The one table of what operators may ask a running daemon: name → what goes in and comes out.
 * The control socket speaks exactly these, as `POST /<name>` with JSON both ways.
 */
export interface Operations {
  /** Everything live: workers, keys by state, store health. */
  status: { in: Record<string, never>; out: DaemonStatus }
  /** The store has changed: answer when this revision is in force, or why it cannot be. */
  nudge: { in: { revision: number }; out: { revision: number; error: string | null } }
  /** Reads the configuration file again, takes its values into the store, and puts the result in force. */
  reload: {
    in: Record<string, never>
    out: { revision: number; taken: string[]; overridden: string[]; error: string | null }
  }
  /** Drains and ends the daemon; `now` skips the drain. Answered before it begins. */
  stop: { in: { now: boolean }; out: { pid: number } }
  /** Ends attempts in flight on these keys (after `keys disable --now`). */
  abort: { in: { keys: string[] }; out: { aborted: number } }
  /** Writes what keys have learned, and all waiting records, to the store. */
  flush: { in: Record<string, never>; out: Record<string, never> }
}

export type OperationName = keyof Operations

/** A line of `tail`: an exchange that ended, or how many were left out for a slow reader. */
export type TailLine = { readonly exchange: StoredExchange } | { readonly dropped: number }
