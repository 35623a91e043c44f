import type { KeyState } from './key-state.ts'

/** How many keys of a pool are in which state for one model. */
export interface Survey {
  readonly keys: number
  usable: number
  /** Usable, but for their own limits of requests. */
  busy: number
  cooling: number
  exhausted: number
  invalid: number
  /** Switched off, or not to be opened. */
  off: number
}

export function survey(keys: Iterable<KeyState>, model: string, now: number): Survey {
  const list = [...keys]
  const counts: Survey = {
    keys: list.length,
    usable: 0,
    busy: 0,
    cooling: 0,
    exhausted: 0,
    invalid: 0,
    off: 0,
  }
  for (const key of list) counts[stateOf(key, model, now)]++
  return counts
}

function stateOf(key: KeyState, model: string, now: number): Exclude<keyof Survey, 'keys'> {
  if (!key.enabled || !key.opened) return 'off'
  if (key.invalid !== null) return 'invalid'
  if (!key.usable(now)) return 'exhausted'
  if (!key.usableFor(model, now)) return 'cooling'
  return key.limited(now) > 0 ? 'busy' : 'usable'
}
