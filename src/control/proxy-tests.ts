import { Live } from '../balancer/live.ts'
import type { Clock } from '../base/clock.ts'
import { BalanceError } from '../base/errors.ts'
import type { Catalog } from '../model/catalog.ts'
import type { EgressProxy } from '../model/egress-proxy.ts'
import { compile } from '../snapshot/compile.ts'
import { viaOf } from '../snapshot/scope.ts'
import type { CompiledProvider } from '../snapshot/snapshot.ts'
import { Agents } from '../upstream/agents.ts'
import { transportOutcome } from '../upstream/fault.ts'
import { ProxyFault } from '../upstream/proxy-fault.ts'
import type { TunnelStep } from '../upstream/tunnel.ts'
import { type ProxyTestShape, proxyTestShape } from './shapes/proxy-test.ts'

const AT_ONCE = 4

/**
 * Asks each of these proxies for a tunnel to a provider, begins TLS there where the provider has it, and
 * hangs up: it costs nothing, and no key is shown to anybody. Nothing is learned from it; a gateway looks for itself.
 * @param to name of the provider; null: one that is dialled through the proxy, or the first there is
 * @param known is given each as it is known
 * @throws BalanceError no_such for a provider that is not there, failed where there is none at all
 */
export async function testProxies(
  clock: Clock,
  catalog: Catalog,
  proxies: readonly EgressProxy[],
  to: string | null,
  known: (test: ProxyTestShape) => void = () => {},
): Promise<ProxyTestShape[]> {
  const { byName } = compile({ ...catalog, keys: [], tokens: [] }, new Live(clock))
  const agents = new Agents()
  const tests = new Map<string, ProxyTestShape>()
  const waiting = proxies.values()
  const work = async () => {
    for (const proxy of waiting) {
      const test = await testOne(clock, agents, proxy, providerFor(proxy, [...byName.values()], to))
      tests.set(proxy.id, test)
      known(test)
    }
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work))
  } finally {
    await agents.destroy()
  }
  return proxies.flatMap(({ id }) => tests.get(id) ?? [])
}

function providerFor(
  { id }: EgressProxy,
  providers: readonly CompiledProvider[],
  to: string | null,
): CompiledProvider {
  const through = providers.find(({ scope }) => scope.exits.some(exit => exit.id === id))
  const found = to === null ? (through ?? providers[0]) : providers.find(({ name }) => name === to)
  if (found !== undefined) return found
  throw to === null
    ? new BalanceError('failed', 'No provider is in use that a proxy could be asked for.', {
        hint: 'balance providers add openai',
      })
    : new BalanceError('no_such', `No provider "${to}" is in use.`, {
        hint: 'See balance providers list.',
      })
}

async function testOne(
  clock: Clock,
  agents: Agents,
  proxy: EgressProxy,
  provider: CompiledProvider,
): Promise<ProxyTestShape> {
  const { origin, name } = provider
  const began = clock.now()
  const made = new Map<TunnelStep, number>()
  let last = began
  const done = (step: TunnelStep) => {
    const now = clock.now()
    made.set(step, now - last)
    last = now
  }
  const tell = (code: string | null, reason: string) => {
    const ms = clock.now() - began
    return proxyTestShape(proxy, { provider: name, to: origin, ms, made, code, reason })
  }
  if (proxy.fault !== null) return tell(proxy.fault.state, proxy.fault.reason)
  try {
    const { connect_timeout: connectTimeout } = provider.settings
    await agents.tryProxy({ origin, connectTimeout, via: viaOf(proxy) }, done)
    return tell(null, '')
  } catch (error) {
    if (error instanceof ProxyFault) return tell(error.code, error.message)
    const { code, detail } = transportOutcome(error as Error, false)
    const untrusted = code === 'upstream_tls'
    return tell(code, `${untrusted ? UNTRUSTED : NO_TLS} (${detail}).`)
  }
}

const UNTRUSTED = "The tunnel was made, but the provider's certificate is not to be trusted"
const NO_TLS = 'The tunnel was made, but TLS with the provider failed'
