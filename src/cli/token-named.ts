import { BalanceError } from '../base/errors.ts'
import { nearest } from '../base/text.ts'
import type { Token } from '../model/catalog.ts'
import type { Session } from './session.ts'

/**
 * A token by its id, else by its name.
 * @throws BalanceError no_such, with the nearest one
 */
export async function tokenNamed(session: Session, given: string): Promise<Token> {
  const tokens = await (await session.store()).tokens()
  const token = tokens.find(({ id }) => id === given) ?? tokens.find(({ name }) => name === given)
  if (token) return token
  const near = nearest(
    given,
    tokens.flatMap(({ id, name }) => [id, name]),
  )
  throw new BalanceError('no_such', `There is no token "${given}".`, {
    hint: `${near ? `Did you mean ${near}? ` : ''}See balance tokens list.`,
  })
}
