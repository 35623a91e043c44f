import { BalanceError } from '../base/errors.ts'
import { nearest, printable } from '../base/text.ts'
import type { Key } from './catalog.ts'

type Named = Pick<Key, 'id' | 'label' | 'provider'>

/**
 * A key by its id, or by its label where one key has it.
 * @throws BalanceError no_such, with the nearest one; invalid_value where several have the label
 */
export function keyNamed<K extends Named>(keys: readonly K[], idOrLabel: string): K {
  return new KeyNames(keys).find(idOrLabel)
}

/** Several, each once: all of them, or none when one is not there. */
export function keysNamed<K extends Named>(keys: readonly K[], given: readonly string[]): K[] {
  const names = new KeyNames(keys)
  return [...new Set(given.map(name => names.find(name)))]
}

/** A thousand may be named out of ten thousand, on the loop that serves requests. */
class KeyNames<K extends Named> {
  readonly #keys: readonly K[]
  readonly #byId: ReadonlyMap<string, K>
  readonly #byLabel: ReadonlyMap<string, readonly K[]>

  constructor(keys: readonly K[]) {
    this.#keys = keys
    this.#byId = new Map(keys.map(key => [key.id, key]))
    const byLabel = new Map<string, K[]>()
    for (const key of keys) {
      const known = byLabel.get(key.label)
      if (known) known.push(key)
      else byLabel.set(key.label, [key])
    }
    this.#byLabel = byLabel
  }

  find(idOrLabel: string): K {
    const byId = this.#byId.get(idOrLabel)
    if (byId) return byId
    const [found, second] = this.#byLabel.get(idOrLabel) ?? []
    if (!found) throw noSuchKey(idOrLabel, this.#keys)
    if (!second) return found
    throw new BalanceError(
      'invalid_value',
      `Several keys are labelled "${printable(idOrLabel)}".`,
      {
        hint: `Name one by its id: ${found.id} (${found.provider}), ${second.id} (${second.provider}).`,
      },
    )
  }
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
