import { random } from '../../../src/mock/random.ts'

/** Where every decision of a run comes from. 0 is always the mildest choice. */
export interface Dice {
  /** A whole number below `n`. */
  below(n: number): number
}

export function seeded(seed: number): Dice {
  const next = random(seed)
  return { below: n => Math.floor(next() * n) }
}

/** The numbers in turn, then zeros: what is left of a run when its numbers are taken away is mild. */
export function written(numbers: readonly number[]): Dice {
  let at = 0
  return { below: n => (numbers[at++] ?? 0) % n }
}

export function oneIn(dice: Dice, n: number): boolean {
  return dice.below(n) === n - 1
}

export function pick<T>(dice: Dice, from: readonly T[]): T {
  return from[dice.below(from.length)] as T
}
