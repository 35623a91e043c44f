import type { KeyMemory } from '../../model/catalog.ts'
import type { UsageSums } from '../../model/record.ts'
import type { KeyRow } from '../../model/status.ts'
import type { Store } from '../../model/store.ts'

/** What a key did in some hours: the sums of `stats --json`. */
export interface UsageShape {
  readonly requests: number
  readonly errors: number
  readonly attempts: number
  readonly prompt_tokens: number
  readonly cached_tokens: number
  readonly completion_tokens: number
  readonly reasoning_tokens: number
  /** Mean; null where there was no request. */
  readonly ms: number | null
}

/**
 * One key as `keys show --json` prints it: its line of `keys list`, the models that it is rate
 * limited for (none named: all of them, or it is not), how many objects live with it, and what it did in
 * whole hours.
 */
export interface KeyShape extends KeyRow {
  readonly rate_limited_for: readonly string[]
  /** Files, batches and other objects of the provider's that live with it. */
  readonly objects: number
  readonly usage: { readonly h24: UsageShape; readonly d7: UsageShape }
}

/** @param memory what was learned about the key; undefined where that is nothing */
export async function readKeyShape(
  store: Store,
  status: KeyRow,
  memory: KeyMemory | undefined,
  wall: number,
): Promise<KeyShape> {
  const models = Object.keys(memory?.cooling ?? {}).filter(model => model !== '')
  const usage = async (days: number) =>
    usageShape(await store.keyUsage(status.id, wall - days * DAY, wall))
  return {
    ...status,
    rate_limited_for: status.state === 'cooling' ? models : [],
    objects: await store.countObjects(status.id),
    usage: { h24: await usage(1), d7: await usage(7) },
  }
}

const DAY = 86_400_000

function usageShape(sums: UsageSums): UsageShape {
  return {
    requests: sums.requests,
    errors: sums.errors,
    attempts: sums.attempts,
    prompt_tokens: sums.promptTokens,
    cached_tokens: sums.cachedTokens,
    completion_tokens: sums.completionTokens,
    reasoning_tokens: sums.reasoningTokens,
    ms: sums.requests === 0 ? null : sums.ms,
  }
}
