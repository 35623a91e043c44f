import type { Key } from './catalog.ts'

/** Where a list of keys differs from an earlier one. */
export interface Span {
  /** Places in the later list: from this one on, and up to before that one. */
  readonly from: number
  readonly to: number
  /** What stood from there on in the earlier list. */
  readonly before: readonly Key[]
  /** No key left its place: some have other values, or are new at the end. */
  readonly inPlace: boolean
}

/** A key that did not change is the same object in both. */
export function spanOf(earlier: readonly Key[], later: readonly Key[]): Span {
  const shorter = Math.min(earlier.length, later.length)
  let from = 0
  while (from < shorter && earlier[from] === later[from]) from++
  let to = later.length
  // In a list of another length, those behind a change have another place.
  if (earlier.length === later.length) while (to > from && earlier[to - 1] === later[to - 1]) to--
  const before = earlier.slice(from, earlier.length === later.length ? to : earlier.length)
  const inPlace = before.every(({ id }, index) => later[from + index]?.id === id)
  return { from, to, before, inPlace }
}
