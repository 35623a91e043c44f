import type { KeyState } from '../balancer/key-state.ts'
import type { Lease } from '../balancer/lease.ts'
import { judge, type Mark } from '../balancer/mark.ts'
import { BalanceError } from '../base/errors.ts'
import { type Outcome, UNUSED } from '../model/outcome.ts'
import type { CompiledKey, CompiledProvider } from '../snapshot/snapshot.ts'
import type { Json } from '../wire/usage.ts'
import type { ErrandParts } from './errand.ts'
import type { Exchange } from './exchange.ts'
import { noKey } from './give-up.ts'
import { listModels, type Models } from './models.ts'
import { noteFailure } from './note-failure.ts'

/** What a provider says of its models, by their ids; or why it says nothing. */
export type Asked = ReadonlyMap<string, Json> | BalanceError

/** Asks a provider for its models for a client, with one key after the other until one is not refused. */
export async function askModels(
  provider: CompiledProvider,
  exchange: Exchange,
  parts: ErrandParts,
): Promise<Asked> {
  const { clock } = parts
  const tried: KeyState[] = []
  const marks: Mark[] = []
  let last: Models | null = null
  while (last === null || last.outcome.retry === 'key') {
    const lease = claimLister(provider, tried, clock.now())
    if (lease === null) break
    tried.push(lease.key)
    const key = provider.keys.get(lease.key.id)
    // Without: it was added after this exchange began, and belongs to a newer snapshot than ours.
    const found = key === undefined ? null : await askOnce(provider, key, exchange, parts)
    const mark = lease.release(found?.outcome ?? UNUSED, clock.now(), clock.wall())
    if (mark !== null) marks.push(mark)
    last = found ?? last
  }
  judge(marks, last?.byId ? provider.pool : null, clock.now())
  if (last === null) return noKey(provider.direct.targets, null, clock.now())
  return last.byId ?? failed(last.outcome)
}

/** One attempt of the exchange. */
async function askOnce(
  provider: CompiledProvider,
  key: CompiledKey,
  exchange: Exchange,
  parts: ErrandParts,
): Promise<Models> {
  const { clock, redactor } = parts
  const time = clock.wall()
  const began = clock.now()
  const attempt = ++exchange.attempts
  exchange.provider = provider
  exchange.keyId = key.id
  const found = await listModels(parts, provider, key)
  const { byId, status, outcome, body } = found
  const ms = clock.now() - began
  const tried = { time, attempt, provider: provider.name, keyId: key.id, model: null, status, ms }
  if (byId === null) noteFailure(exchange, redactor, tried, outcome, body)
  return found
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
