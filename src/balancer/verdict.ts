import type { Key, KeyMemory } from '../model/catalog.ts'
import type { Outcome } from '../model/outcome.ts'
import { KeyState } from './key-state.ts'
import { absolve, type Settling, settle } from './settle.ts'

/** What came of asking a provider whether a key works, outside of any client's request. */
export interface Finding {
  readonly outcome: Outcome
  /** Of the answer; null where none came. */
  readonly status: number | null
  /** The model that answered was paid for; false for a free call, which shows less. */
  readonly paid: boolean
}

/**
 * What is known of a key once it was probed, by the rules of real traffic.
 * @param memory what was known of it until then; void where it is of another generation
 * @param model that was asked, where the call was paid
 * @returns the whole memory, or null where nothing was learned
 */
export function verdict(
  key: Key,
  memory: KeyMemory | undefined,
  finding: Finding,
  model: string,
  by: Settling,
): KeyMemory | null {
  const state = new KeyState(key.id, key.generation)
  if (memory !== undefined) state.recall(memory, by.now, by.wall)
  return learn(state, finding, model, by) ? state.memory(by.now, by.wall) : null
}

function learn(state: KeyState, finding: Finding, model: string, by: Settling): boolean {
  const { outcome, paid } = finding
  const accepted = isAccepted(finding) && accept(state)
  // A free call says nothing of models, nor of how many requests they may be asked.
  const shows = paid || outcome.fault === 'auth' || outcome.fault === 'quota'
  const settled = shows && teach(state, model, outcome, by)
  return accepted || settled
}

function teach(state: KeyState, model: string, outcome: Outcome, by: Settling): boolean {
  if (outcome.fault === 'none') return absolve(state, model)
  return settle(state, model, outcome, by) !== null
}

/**
 * The provider knows the key: it answered, or objected to something else. That there is no such
 * place may be said before anybody looks at a key.
 */
export function isAccepted({ outcome, status }: Finding): boolean {
  if (outcome.fault === 'none') return true
  return outcome.fault === 'client' && status !== 404 && status !== 405
}

function accept(state: KeyState): boolean {
  const changed = state.invalid !== null || state.failures > 0
  state.invalid = null
  state.failures = 0
  return changed
}
