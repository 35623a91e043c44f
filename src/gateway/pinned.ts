import type { KeyState } from '../balancer/key-state.ts'
import type { Lease } from '../balancer/lease.ts'
import { BalanceError } from '../base/errors.ts'
import type { Pin } from './pin.ts'

/** Claims the key that a request is pinned to; null where it may not be had now. */
export function claimPinned(
  { provider: { pool }, keyId }: Pin,
  model: string,
  tried: readonly KeyState[],
  now: number,
): Lease | null {
  const key = pool.key(keyId)
  if (key === undefined || tried.includes(key) || key.limited(now) > 0) return null
  return pool.reclaim(key, model, now)
}

/** Why it could not be claimed: no other key is asked in its place. */
export function noPinnedKey(pin: Pin, model: string, now: number): BalanceError {
  const { provider, keyId, object } = pin
  const { pool, name } = provider
  const key = pool.key(keyId)
  const reason = key === undefined ? 'was removed' : whyNot(key, model, now)
  const what =
    object === null
      ? `Lists and objects that nobody here knows are asked for with the home key of ${name}, ${keyId}`
      : `${object} lives with key ${keyId} of ${name}`
  const message = `${what}, which ${reason ?? 'is left alone, for the provider fails'}.`
  const wait = key?.wait(model, now) ?? null
  if (wait === null) {
    const hint =
      object === null
        ? `balance providers set ${name} home_key=KEY names another.`
        : `See balance keys show ${keyId}.`
    return new BalanceError('no_key_available', message, { hint })
  }
  return new BalanceError('no_key_available', message, {
    retryAfter: Math.max(wait, pool.breakerWait(model, now), 1),
  })
}

/** Null: nothing is against the key itself. */
function whyNot(key: KeyState, model: string, now: number): string | null {
  if (!key.enabled) return 'is disabled'
  if (!key.opened) return "can't be opened"
  if (key.invalid !== null) return 'is refused by the provider'
  if (!key.usable(now)) return 'is out of quota'
  if (!key.usableFor(model, now)) return 'is rate limited'
  return key.limited(now) > 0 ? 'is at its own limit' : null
}
