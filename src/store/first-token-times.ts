/**
 * Times to the first token are counted in classes, each a fifth longer than the one before, so that
 * the sums of many batches, nodes and minutes give a median: to a tenth of it.
 */
const LEAST_MS = 5
const GROWTH = 1.2
/** The last one is of all that take longer, some ten minutes. */
const CLASSES = 65

/** The name of the class that a time (ms) is in. */
export function classOf(ms: number): string {
  const number = ms <= LEAST_MS ? 0 : Math.ceil(Math.log(ms / LEAST_MS) / Math.log(GROWTH))
  return String(Math.min(number, CLASSES - 1)).padStart(2, '0')
}

/** @param counts how many there were, by the names of their classes; null where there were none */
export function median(counts: ReadonlyMap<string, number>): number | null {
  const inOrder = [...counts].sort(([a], [b]) => Number(a) - Number(b))
  const half = inOrder.reduce((sum, [, count]) => sum + count, 0) / 2
  let passed = 0
  for (const [name, count] of inOrder) {
    passed += count
    if (passed >= half && count > 0) return middleOf(Number(name))
  }
  return null
}

/** As far from both ends of the class in proportion. */
function middleOf(number: number): number {
  return Math.round(LEAST_MS * GROWTH ** (number - 0.5) * 10) / 10
}
