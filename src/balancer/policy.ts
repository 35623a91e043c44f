import type { Policy } from '../model/settings.ts'
import type { KeyState } from './key-state.ts'
import type { Ring } from './ring.ts'

/**
 * Chooses one of a ring's keys, or none. A policy sees usable keys only and asks each one question:
 * may it take a request now.
 * @param tried keys this exchange was refused by
 * @param take false: only looks whose turn it is, and leaves it so
 */
export type Choose = (
  ring: Ring,
  tried: readonly KeyState[],
  now: number,
  take: boolean,
) => KeyState | null

export const CHOOSE: Readonly<Record<Policy, Choose>> = {
  'round-robin': roundRobin,
  weighted,
  'least-busy': leastBusy,
}

function roundRobin(
  ring: Ring,
  tried: readonly KeyState[],
  now: number,
  take: boolean,
): KeyState | null {
  const { keys } = ring
  let index = ring.turn
  for (let looked = 0; looked < keys.length; looked++) {
    const key = keys[index] as KeyState
    index = index + 1 === keys.length ? 0 : index + 1
    if (!available(key, tried, now)) continue
    if (take) ring.turn = index
    return key
  }
  return null
}

/** Smooth weighted round-robin, as in nginx: shares are exact over a cycle and never in bursts. */
function weighted(
  ring: Ring,
  tried: readonly KeyState[],
  now: number,
  take: boolean,
): KeyState | null {
  let best: KeyState | null = null
  let total = 0
  for (const key of ring.keys) {
    if (!available(key, tried, now)) continue
    total += key.weight
    if (best === null || key.credit + key.weight > best.credit + best.weight) best = key
  }
  if (best === null || !take) return best
  for (const key of ring.keys) if (available(key, tried, now)) key.credit += key.weight
  best.credit -= total
  return best
}

/** Fewest requests in flight for its weight; ties take turns. */
function leastBusy(
  ring: Ring,
  tried: readonly KeyState[],
  now: number,
  take: boolean,
): KeyState | null {
  const { keys } = ring
  let best: KeyState | null = null
  let bestIndex = 0
  for (let looked = 0; looked < keys.length; looked++) {
    const index = (ring.turn + looked) % keys.length
    const key = keys[index] as KeyState
    if (!available(key, tried, now)) continue
    if (best !== null && key.inFlight / key.weight >= best.inFlight / best.weight) continue
    best = key
    bestIndex = index
  }
  if (best !== null && take) ring.turn = (bestIndex + 1) % keys.length
  return best
}

function available(key: KeyState, tried: readonly KeyState[], now: number): boolean {
  return !tried.includes(key) && key.limited(now) === 0
}
