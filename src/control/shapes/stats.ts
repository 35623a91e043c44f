import type { StatsRow } from '../../model/record.ts'

/**
 * Sums over one group as `stats --json` prints them. `group` is a provider's, token's or model's
 * name, a key's id, or the beginning of an hour in ISO 8601 (UTC); null where requests had none.
 * `label` is a key's label, null where it was removed and for all other groups. `ms` is the mean.
 */
export function statsShape(row: StatsRow, label: string | null) {
  return {
    group: row.group,
    label,
    requests: row.requests,
    errors: row.errors,
    attempts: row.attempts,
    prompt_tokens: row.promptTokens,
    cached_tokens: row.cachedTokens,
    completion_tokens: row.completionTokens,
    reasoning_tokens: row.reasoningTokens,
    ms: row.ms,
  }
}

export type StatsShape = ReturnType<typeof statsShape>
