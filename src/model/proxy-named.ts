import { BalanceError } from '../base/errors.ts'
import { nearest, printable } from '../base/text.ts'
import { PROXY_WORDS } from './egress-proxy.ts'

interface Named {
  readonly id: string
  readonly name: string
}

/**
 * A proxy by its id, else by its name.
 * @throws BalanceError no_such, with the nearest one
 */
export function proxyNamed<T extends Named>(proxies: readonly T[], given: string): T {
  const found = proxies.find(({ id }) => id === given) ?? proxies.find(row => row.name === given)
  if (found) return found
  throw noProxy(
    given,
    proxies.map(({ name }) => name),
  )
}

/**
 * Whether everything that a setting `proxy` says is there. It says names: an id is none.
 * @throws BalanceError no_such, with the nearest one
 */
export function checkProxiesSaid(proxies: readonly Named[], said: readonly string[]): void {
  const known = proxies.map(({ name }) => name)
  const unknown = said.find(word => !known.includes(word) && !PROXY_WORDS.includes(word))
  if (unknown === undefined) return
  const meant = proxies.find(({ id }) => id === unknown)
  throw noProxy(unknown, known, meant?.name)
}

function noProxy(given: string, known: readonly string[], meant?: string): BalanceError {
  const near = meant ?? nearest(given, known)
  return new BalanceError('no_such', `There is no proxy "${printable(given, 80)}".`, {
    hint: near ? `Did you mean ${near}?` : 'See balance proxies list.',
  })
}
