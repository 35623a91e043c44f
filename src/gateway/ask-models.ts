import type { KeyState } from '../balancer/key-state.ts'
import type { Lease } from '../balancer/lease.ts'
import { judge, type Mark } from '../balancer/mark.ts'
import { BalanceError } from '../base/errors.ts'
import { type Outcome, UNUSED } from '../model/outcome.ts'
import type { CompiledProvider } from '../snapshot/snapshot.ts'
import type { Json } from '../wire/usage.ts'
import type { ErrandParts } from './errand.ts'
import type { Exchange } from './exchange.ts'
import { noKey } from './give-up.ts'
import { listModels } from './models.ts'

/** What a provider says of its models, by their ids; or why it says nothing. */
export type Asked = ReadonlyMap<string, Json> | BalanceError

/** Asks a provider for its models for a client, with one key after the other until one is not refused. */
export async function askModels(
  provider: CompiledProvider,
  exchange: Exchange,
  parts: ErrandParts,
): Promise<Asked> {
  const { clock } = parts
  const { pool } = provider
  const tried: KeyState[] = []
  const marks: Mark[] = []
  let last: Outcome | null = null
  for (let lease = claimLister(provider, tried, clock.now()); lease !== null; ) {
    const key = provider.keys.get(lease.key.id)
    if (key === undefined) {
      // Added after this exchange began: it belongs to a newer snapshot than ours.
      lease.release(UNUSED, clock.now(), clock.wall())
      break
    }
    exchange.attempts++
    exchange.provider = provider
    exchange.keyId = key.id
    const { byId, outcome } = await listModels(parts, provider, key)
    const mark = lease.release(outcome, clock.now(), clock.wall())
    if (mark !== null) marks.push(mark)
    if (byId !== null) {
      judge(marks, pool, clock.now())
      return byId
    }
    last = outcome
    tried.push(lease.key)
    lease = outcome.retry === 'key' ? claimLister(provider, tried, clock.now()) : null
  }
  judge(marks, null, clock.now())
  return last === null ? noKey(provider.direct.targets, null, clock.now()) : failed(last)
}

/** Claims the key that the owner named for this; where it may not be had, any. */
export function claimLister(
  { pool, modelsKey }: CompiledProvider,
  tried: readonly KeyState[],
  now: number,
): Lease | null {
  const preferred = tried.length === 0 && modelsKey !== null ? pool.key(modelsKey) : undefined
  return (preferred && pool.reclaim(preferred, '', now)) ?? pool.select('', tried, now)
}

function failed({ fault, code, message }: Outcome): BalanceError {
  const refused = fault === 'auth' || fault === 'quota'
  return new BalanceError(
    refused ? 'upstream_credentials_exhausted' : (code ?? 'upstream_error'),
    message,
  )
}
