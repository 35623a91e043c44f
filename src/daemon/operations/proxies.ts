import { BalanceError } from '../../base/errors.ts'
import { Secret } from '../../base/secret.ts'
import type { Caller, Operator } from '../../control/api.ts'
import type { PROXIES } from '../../control/operations/proxies.ts'
import { testProxies } from '../../control/proxy-tests.ts'
import type { ProxyTestShape } from '../../control/shapes/proxy-test.ts'
import { type EgressProxy, parseProxyUrl } from '../../model/egress-proxy.ts'
import { proxyNamed } from '../../model/proxy-named.ts'
import { type ProxyStatus, proxyStatuses } from '../../model/proxy-status.ts'
import { isReference } from '../../store/reference.ts'
import { make } from './changes.ts'
import { type OperationParts, standing } from './parts.ts'
import { rowsOf } from './rows.ts'

export function proxyOperations(parts: OperationParts): Pick<Operator, keyof typeof PROXIES> {
  const { clock, live } = parts
  const tell = async ({ id, ...proxy }: EgressProxy): Promise<ProxyStatus> => {
    const { proxies } = await live.status()
    const known = proxies.find(status => status.id === id)
    return known ?? (proxyStatuses([{ id, ...proxy }], [], clock.wall())[0] as ProxyStatus)
  }
  return {
    async 'proxies.list'() {
      return (await live.status()).proxies
    },

    async 'proxies.add'(input, caller) {
      const { url, password: within } = parseProxyUrl(input.url)
      const password = input.password === undefined ? within : given(input.password, caller)
      const add = { name: input.name, url, password }
      return make(
        parts,
        'proxies.add',
        input,
        caller,
        async as => (await as.addProxies([add]))[0] as EgressProxy,
        tell,
      )
    },

    async 'proxies.change'(input, caller) {
      const { url, password: within } = input.url === undefined ? NONE : parseProxyUrl(input.url)
      const password =
        typeof input.password === 'string' ? given(input.password, caller) : input.password
      const change = {
        ...(url === undefined ? {} : { url }),
        ...(within === null ? {} : { password: within }),
        ...(password === undefined ? {} : { password }),
        ...(input.enabled === undefined ? {} : { enabled: input.enabled }),
      }
      const made = (as: typeof parts.store) => as.changeProxy(input.proxy, change)
      return make(parts, 'proxies.change', input, caller, made, tell)
    },

    'proxies.remove': (input, caller) =>
      make(
        parts,
        'proxies.remove',
        input,
        caller,
        as => as.removeProxy(input.proxy),
        ({ id, name }) => ({ removed: id, name }),
      ),

    'proxies.test': ({ proxies: names, to = null }) =>
      rowsOf<ProxyTestShape>(async give => {
        const catalog = standing(parts)
        const chosen = names?.map(name => proxyNamed(catalog.proxies, name)) ?? catalog.proxies
        await testProxies(clock, catalog, chosen, to, give)
      }),
  }
}

const NONE = { url: undefined, password: null }

/** Where a password is kept is the host's to say: over HTTP it would read any variable and file. */
function given(password: string, { session }: Caller): Secret {
  if (session === null || !isReference(password)) return new Secret(password)
  throw new BalanceError('not_permitted', 'A reference is given on the host alone.', {
    hint: 'There: balance proxies set NAME --password',
  })
}
