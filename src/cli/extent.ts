/** What is read of a log's rows to find out how far it reaches. */
export interface Row {
  readonly id: number
  /** Wall ms. */
  readonly time: number
}

/** The newest row whose id is smaller; undefined where there is none. */
export type NewestBelow = (id: number) => Promise<Row | undefined>

/**
 * About where the rows of a time begin: the smallest id among those not older than it. Ids grow
 * with time, so the place is halved down to; counting millions of rows would take longer than the
 * progress is worth that is measured with it.
 * @param newest the largest id
 * @param since wall ms; without it, the oldest row's id
 */
export async function firstId(
  newestBelow: NewestBelow,
  newest: number,
  since = Number.NEGATIVE_INFINITY,
): Promise<number> {
  let [below, first] = [0, newest]
  while (first - below > 1 + (newest - first) / PRECISION) {
    const middle = Math.floor((below + first) / 2)
    const row = await newestBelow(middle + 1)
    if (row === undefined || row.time < since) below = middle
    else first = row.id
  }
  return first
}

/** How exact the place is, against what lies above it: more than a bar can show. */
const PRECISION = 100
