import { BalanceError } from '../base/errors.ts'
import { nearest, printable } from '../base/text.ts'

/**
 * A proxy by its id, else by its name.
 * @throws BalanceError no_such, with the nearest one
 */
export function proxyNamed<T extends { readonly id: string; readonly name: string }>(
  proxies: readonly T[],
  given: string,
): T {
  const found = proxies.find(({ id }) => id === given) ?? proxies.find(row => row.name === given)
  if (found) return found
  const near = nearest(
    given,
    proxies.map(({ name }) => name),
  )
  throw new BalanceError('no_such', `There is no proxy "${printable(given, 80)}".`, {
    hint: near ? `Did you mean ${near}?` : 'See balance proxies list.',
  })
}
