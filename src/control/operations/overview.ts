import * as z from 'zod'
import type { KeyCondition } from '../../model/catalog.ts'
import type { NodeStatus, ProviderStatus, WorkerStatus } from '../../model/status.ts'
import { read } from '../operation.ts'

export const RANGES = ['1h', '24h', '7d'] as const
export type Range = (typeof RANGES)[number]

/** What was asked in one step of a range. Times are ISO 8601 in UTC, durations milliseconds. */
export interface TrafficShape {
  /** Its beginning. */
  readonly time: string
  readonly requests: number
  /** Ended with a status of 400 or above, or broke off. */
  readonly errors: number
  readonly prompt_tokens: number
  readonly completion_tokens: number
  /** Median time to the first token, to a tenth; null where none came. */
  readonly ttft_ms: number | null
  /** Mean time to the end; null where there was no request. */
  readonly ms: number | null
}

/** A key whose attempts failed, and by what. */
export interface WorstKeyShape {
  readonly key: string
  readonly label: string
  readonly provider: string
  readonly masked: string
  readonly state: KeyCondition
  /** 429 */
  readonly rate_limited: number
  /** 401, and 403 that name the key */
  readonly refused: number
  readonly quota: number
  readonly other: number
}

export interface Overview {
  readonly range: Range
  readonly step_ms: number
  /** Every step of the range, the oldest first; the last one is not over. */
  readonly series: readonly TrafficShape[]
  readonly totals: Pick<TrafficShape, 'requests' | 'errors' | 'prompt_tokens' | 'completion_tokens'>
  readonly keys: Readonly<Record<KeyCondition, number>>
  /** At most ten of those that are there, by failed attempts in the range. */
  readonly worst_keys: readonly WorstKeyShape[]
  /** Failed attempts are counted from then on: the range's beginning, or later where there are too many. */
  readonly worst_since: string
  readonly providers: readonly ProviderStatus[]
  readonly workers: readonly WorkerStatus[]
  readonly nodes: readonly NodeStatus[]
}

export const OVERVIEW = {
  overview: read<Overview>()(z.strictObject({ range: z.enum(RANGES) })),
}
