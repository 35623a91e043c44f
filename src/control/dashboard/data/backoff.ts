/** ms until a connection that broke off is tried again. */
export const FIRST_WAIT = 1_000
export const LONGEST_WAIT = 30_000

/** ms until the next try after one that waited so long. */
export function nextWait(wait: number): number {
  return Math.min(wait * 2, LONGEST_WAIT)
}
