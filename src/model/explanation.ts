import type { ErrorCode } from '../base/errors.ts'

/** Where a request would go now, and why not elsewhere. */
export interface Explanation {
  /** What is asked for: the method is the one that the path is used with. */
  readonly path: string
  readonly model: string | null
  readonly token: string | null
  /** The route's name or glob; null where no route is for this model. */
  readonly route: string | null
  /** In the order of their tiers. */
  readonly candidates: readonly Candidate[]
  /** What the next such request is sent with; null where it would be refused. */
  readonly choice: Choice | null
  readonly refusal: Refusal | null
}

export interface Candidate {
  readonly provider: string
  /** The model asked for there; null: none. */
  readonly model: string | null
  readonly tier: number
  readonly weight: number
  readonly keys: number
  /** Those that could take the request now. */
  readonly usable: number
  readonly state: 'chosen' | 'able' | 'removed'
  /** Why it was chosen, comes later, or was removed; the end of a sentence. */
  readonly reason: string
}

export interface Choice {
  readonly provider: string
  readonly model: string | null
  /** Id of the key. */
  readonly key: string
}

export interface Refusal {
  readonly code: ErrorCode
  readonly status: number
  readonly message: string
  /** Milliseconds until it may be different; null where no time is known. */
  readonly retry_after_ms: number | null
}
