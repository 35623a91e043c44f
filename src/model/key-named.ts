import { BalanceError } from '../base/errors.ts'
import { nearest, printable } from '../base/text.ts'
import type { Key } from './catalog.ts'

type Named = Pick<Key, 'id' | 'label' | 'provider'>

/**
 * A key by its id, or by its label where one key has it.
 * @throws BalanceError no_such, with the nearest one; invalid_value where several have the label
 */
export function keyNamed<K extends Named>(keys: readonly K[], idOrLabel: string): K {
  const byId = keys.find(({ id }) => id === idOrLabel)
  if (byId) return byId
  const [found, second] = keys.filter(({ label }) => label === idOrLabel)
  if (!found) throw noSuchKey(idOrLabel, keys)
  if (!second) return found
  throw new BalanceError('invalid_value', `Several keys are labelled "${printable(idOrLabel)}".`, {
    hint: `Name one by its id: ${found.id} (${found.provider}), ${second.id} (${second.provider}).`,
  })
}

/** Several, each once: all of them, or none when one is not there. */
export function keysNamed<K extends Named>(keys: readonly K[], given: readonly string[]): K[] {
  return [...new Set(given.map(name => keyNamed(keys, name)))]
}

export function noSuchKey(given: string, keys: readonly Named[]): BalanceError {
  const near = nearest(
    String(given),
    keys.flatMap(key => [key.id, key.label]),
  )
  return new BalanceError('no_such', `There is no key "${printable(String(given), 80)}".`, {
    hint: near ? `Did you mean ${near}?` : 'See balance keys list.',
  })
}
