/** What one node learned the others know after so long. */
export const HEARD_WITHIN_MS = 1_500

/** After so long without a word a node is taken to be gone. */
export const NODE_GONE_MS = 15_000

/** A daemon that serves this store. */
export interface NewNode {
  /** `host:pid`, unique among those that run. */
  readonly id: string
  readonly url: string
  readonly version: string
  readonly workers: number
  readonly revision: number
  /** Wall ms. */
  readonly started: number
}

export interface Node extends NewNode {
  /** When it was last heard of, wall ms of the store's clock. */
  readonly seen: number
}
