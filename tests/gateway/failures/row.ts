import type { ErrorCode } from '../../../src/base/errors.ts'
import type { Fault } from '../../../src/model/outcome.ts'
import type { ProviderSettings } from '../../../src/model/settings.ts'
import type { Dialect, Speech } from './speech.ts'
import type { During } from './stage.ts'
import type { Script } from './upstream.ts'

/**
 * Where another attempt follows: for each of {@link SCENES} which provider each attempt goes to, the
 * last one included.
 */
export const WAYS = {
  again: {
    words: 'yes: another provider, else the same one',
    failover: ['one', 'one'],
    late: ['one', 'one', 'one'],
    alone: ['one', 'one', 'one'],
    spent: ['one', 'one', 'one'],
    elsewhere: ['one', 'two'],
    nowhere: ['one', 'two', 'one'],
  },
  once: {
    words: 'once, for it may have acted: another provider, else the same one',
    failover: ['one', 'one'],
    late: ['one', 'one'],
    alone: ['one', 'one'],
    spent: ['one', 'one'],
    elsewhere: ['one', 'two'],
    nowhere: ['one', 'two'],
  },
  otherProvider: {
    words: 'another provider only',
    failover: ['one'],
    late: ['one'],
    alone: ['one'],
    spent: ['one'],
    elsewhere: ['one', 'two'],
    nowhere: ['one', 'two'],
  },
  sameProvider: {
    words: 'once, by the same provider',
    failover: ['one', 'one'],
    late: ['one', 'one'],
    alone: ['one', 'one'],
    spent: ['one', 'one'],
    elsewhere: ['one', 'one'],
    nowhere: ['one', 'one'],
  },
  eachKey: {
    words: 'every other key, then another provider',
    failover: ['one', 'one'],
    late: ['one', 'one', 'one'],
    alone: ['one'],
    spent: ['one', 'one', 'one'],
    elsewhere: ['one', 'one', 'one', 'two'],
    nowhere: ['one', 'one', 'one', 'two'],
  },
  rated: {
    words: 'other keys; after two alike another provider',
    failover: ['one', 'one'],
    late: ['one', 'one', 'one'],
    alone: ['one'],
    spent: ['one', 'one', 'one'],
    elsewhere: ['one', 'one', 'two'],
    nowhere: ['one', 'one', 'two'],
  },
  twoKeys: {
    words: 'one other key, then another provider',
    failover: ['one', 'one'],
    late: ['one', 'one'],
    alone: ['one'],
    spent: ['one', 'one'],
    elsewhere: ['one', 'one', 'two'],
    nowhere: ['one', 'one', 'two'],
  },
  never: {
    words: 'no',
    failover: ['one'],
    late: ['one'],
    alone: ['one'],
    spent: ['one'],
    elsewhere: ['one'],
    nowhere: ['one'],
  },
} as const

export type Way = keyof typeof WAYS

/**
 * What surrounds a failure.
 * - `failover`: the first attempt fails, the next one at the same provider works
 * - `late`: the first two attempts fail, the next one works, at one provider with three keys
 * - `alone`: every attempt fails, at one provider with one key
 * - `spent`: every attempt fails, at one provider with three keys
 * - `elsewhere`: every attempt fails at provider one with three keys; provider two works
 * - `nowhere`: every attempt fails, at provider one with three keys and at provider two with one
 */
export const SCENES = ['failover', 'late', 'alone', 'spent', 'elsewhere', 'nowhere'] as const
export type Scene = (typeof SCENES)[number]

/** How many attempts at provider one fail. */
export const FAILING: Readonly<Record<Scene, number>> = {
  failover: 1,
  late: 2,
  alone: Number.POSITIVE_INFINITY,
  spent: Number.POSITIVE_INFINITY,
  elsewhere: Number.POSITIVE_INFINITY,
  nowhere: Number.POSITIVE_INFINITY,
}

interface Common {
  readonly id: string
  /** What the upstream does, in words. */
  readonly upstream: string
  readonly dialects?: readonly Dialect[]
  /** Streams only, or none; both where it is not given. */
  readonly stream?: boolean
  readonly settings?: Partial<ProviderSettings>
  readonly during?: During
  /** The gateway closes the connection to the upstream. */
  readonly hangsUp?: true
}

/** A failure before any byte was relayed: another attempt may follow. */
export interface FailedRow extends Common {
  readonly script: (speech: Speech, stream: boolean) => Script
  /** Provider one's base URL, where its scripts are not what fails. */
  readonly origin?: (port: number) => string
  /** It is asked by TLS, and shows this certificate. */
  readonly certificate?: 'self-signed' | 'other-name'
  readonly fault: Exclude<Fault, 'none'>
  readonly way: Way
  /** As the failure is written down: the upstream's status, and its code or the transport's. */
  readonly status: number | null
  readonly code: (speech: Speech) => string | RegExp
  /** What the client gets in the end: the last answer as it came, or an error of ours. */
  readonly answer: 'relayed' | readonly [status: number, code: ErrorCode]
  /** Body of a relayed answer, before secrets are masked. */
  readonly body?: (speech: Speech) => string
  /** How long the key is left alone, ms; a range where chance has a part in it. */
  readonly rest?: number | readonly [least: number, most: number]
  /** The pause before the same provider is asked once more, ms, where it is not a matter of chance. */
  readonly pause?: number
}

/** A kept connection that the other side closes; the exchange before it went well. */
export interface ReusedRow extends Common {
  /** By number of the request, after that exchange. */
  readonly scripts: (speech: Speech, stream: boolean) => readonly Script[]
  /** It is closed before the next request is there. */
  readonly idle?: true
  readonly faults: readonly Fault[]
  readonly connections: number
  /** Null: the client gets a good answer. */
  readonly answer: readonly [status: number, code: ErrorCode] | null
  readonly charged: number
}

/** What becomes of an answer that was begun: no other attempt follows, whatever happens. */
export interface BegunRow extends Common {
  readonly script: (speech: Speech, stream: boolean) => Script
  /** Body bytes of the upstream's that the client gets; its good answer where it is not given. */
  readonly relayed?: (speech: Speech, stream: boolean) => string | Buffer
  readonly end: 'complete' | 'cut'
  /** Our error event behind them. */
  readonly event?: readonly [status: number, code: ErrorCode]
  /** As it is written down. */
  readonly outcome: string
  readonly errorCode: string | null
  /** The code of the failed attempt; null: none failed. */
  readonly code: (speech: Speech) => string | null
  /** Failures that the provider is charged. */
  readonly charged: 0 | 1
  /** The status written down, where it is not 200. */
  readonly status?: number
  /** In words, for the table. */
  readonly client: string
}
