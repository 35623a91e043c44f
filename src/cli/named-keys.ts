import type { Key } from '../model/catalog.ts'
import type { Session } from './session.ts'

/**
 * Keys by id or label: all of them, or none when one is not there.
 * @throws BalanceError no_such, invalid_value
 */
export async function keysNamed(session: Session, given: readonly string[]): Promise<Key[]> {
  const store = await session.store()
  const keys = new Map<string, Key>()
  for (const name of given) {
    const key = await store.key(name)
    keys.set(key.id, key)
  }
  return [...keys.values()]
}
