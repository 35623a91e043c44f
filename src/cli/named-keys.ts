import type { Key } from '../model/catalog.ts'
import { keysNamed as pick } from '../model/key-named.ts'
import type { Session } from './session.ts'

/**
 * Keys by id or label: all of them, or none when one is not there.
 * @throws BalanceError no_such, invalid_value
 */
export async function keysNamed(session: Session, given: readonly string[]): Promise<Key[]> {
  return pick(await (await session.store()).keys(), given)
}
