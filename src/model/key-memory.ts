import type { KeyMemory, Mark } from './catalog.ts'

/**
 * What two who did not know of each other learned about a key under the same generation, as one:
 * whatever either says against it stands. Times are those of the later word.
 */
export function mergeMemories(earlier: KeyMemory, later: KeyMemory): KeyMemory {
  const passed = Math.max(0, later.savedAt - earlier.savedAt)
  const cooling: Record<string, Mark> = Object.assign(Object.create(null), later.cooling)
  for (const [model, mark] of Object.entries(earlier.cooling)) {
    const longer = longest(aged(mark, passed), cooling[model] ?? null)
    if (longer !== null && longer.remaining > 0) cooling[model] = longer
  }
  return {
    ...later,
    failures: Math.max(earlier.failures, later.failures),
    invalid: earlier.invalid ?? later.invalid,
    exhausted: longest(earlier.exhausted && aged(earlier.exhausted, passed), later.exhausted),
    cooling,
  }
}

function aged(mark: Mark, passed: number): Mark {
  return { ...mark, remaining: Math.max(0, mark.remaining - passed) }
}

function longest(a: Mark | null, b: Mark | null): Mark | null {
  if (a === null || b === null) return a ?? b
  return a.remaining > b.remaining ? a : b
}
