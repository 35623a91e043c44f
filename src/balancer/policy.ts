import type { Policy } from '../model/settings.ts'
import type { KeyState } from './key-state.ts'
import type { Ring } from './ring.ts'

/**
 * Chooses one of a ring's keys, or none. A policy sees usable keys only and asks each one question:
 * may it take a request now. `tried` are keys this exchange was refused by.
 */
export type Choose = (ring: Ring, tried: readonly KeyState[], now: number) => KeyState | null

export const CHOOSE: Readonly<Record<Policy, Choose>> = {
  'round-robin': roundRobin,
  weighted,
  'least-busy': leastBusy,
}

function roundRobin(ring: Ring, tried: readonly KeyState[], now: number): KeyState | null {
  const { keys } = ring
  let index = ring.turn
  for (let looked = 0; looked < keys.length; looked++) {
    const key = keys[index] as KeyState
    index = index + 1 === keys.length ? 0 : index + 1
    if (!available(key, tried, now)) continue
    ring.turn = index
    return key
  }
  return null
}

/** Smooth weighted round-robin, as in nginx: shares are exact over a cycle and never in bursts. */
function weighted(ring: Ring, tried: readonly KeyState[], now: number): KeyState | null {
  let best: KeyState | null = null
  let total = 0
  for (const key of ring.keys) {
    if (!available(key, tried, now)) continue
    key.credit += key.weight
    total += key.weight
    if (best === null || key.credit > best.credit) best = key
  }
  if (best !== null) best.credit -= total
  return best
}

/** Fewest requests in flight for its weight; ties take turns. */
function leastBusy(ring: Ring, tried: readonly KeyState[], now: number): KeyState | null {
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
  if (best !== null) ring.turn = (bestIndex + 1) % keys.length
  return best
}

function available(key: KeyState, tried: readonly KeyState[], now: number): boolean {
  return !tried.includes(key) && key.limited(now) === 0
}
