/** Rows of one statement: SQLite takes 32,766 values, MariaDB by default 16 MiB. */
const ROWS = 250

/** A list in parts that one statement can carry; nothing for an empty list. */
export function* slices<T>(list: readonly T[]): Generator<T[]> {
  for (let at = 0; at < list.length; at += ROWS) yield list.slice(at, at + ROWS)
}
