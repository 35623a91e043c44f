import fc from 'fast-check'
import type { Key } from '../../src/model/catalog.ts'
import { key } from './catalog.ts'

/** What a key of a list is made of. */
export type KeyRecipe = Partial<Key> & { readonly id: string; readonly value?: string }

/** Lists of few keys with few values, so that much stays, moves, changes and comes back. */
export const keyList = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    weight: fc.integer({ min: 1, max: 2 }),
    tier: fc.integer({ min: 1, max: 2 }),
    enabled: fc.boolean(),
    generation: fc.integer({ min: 1, max: 2 }),
  }),
  { selector: ({ id }) => id },
)

/** Gives the same object for the same recipe, as a store does for a row that did not change. */
export function stock(): (recipe: KeyRecipe) => Key {
  const made = new Map<string, Key>()
  return recipe => {
    const name = JSON.stringify(recipe)
    const { id, ...change } = recipe
    const known = made.get(name) ?? key(id, change)
    made.set(name, known)
    return known
  }
}
