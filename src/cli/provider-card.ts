import { BalanceError } from '../base/errors.ts'
import { providerShape } from '../control/shapes/provider.ts'
import type { Provider } from '../model/catalog.ts'
import { keyColumns } from './columns/key.ts'
import type { Session } from './session.ts'
import { readState, type State } from './state.ts'
import { card } from './table.ts'

/** One provider: its settings and its keys. */
export async function showProvider(session: Session, name: string): Promise<void> {
  const { out } = session
  const provider = await (await session.store()).provider(name)
  const state = await readState(session)
  const shown = providerNow(provider, state)
  const keys = state.keys.filter(key => key.provider === name)
  out.show(shown, () => {
    const fields = card([
      ['name', shown.name],
      ['kind', shown.kind],
      ['base URL', shown.base_url],
      ['path', shown.path],
      ['enabled', shown.enabled],
      ['default', shown.default],
      ['origin', shown.origin],
      ...shown.settings.map(
        ({ name, value, from }) =>
          [name, from === 'provider' ? `${value} (its own)` : value] as const,
      ),
    ])
    if (keys.length === 0) return fields
    const columns = keyColumns(out.paint, session.clock.wall(), state.proxied)
    const rows = keys.map(key => ({ ...key, via: state.exitOf(key) }))
    return `${fields}\n\n${out.table(columns, rows)}`
  })
  if (keys.length === 0) out.say(`It has no key: balance keys add ${name}`)
}

/** @throws BalanceError no_such: somebody else removed it in between */
export function providerNow(provider: Provider, { providers, settings }: State) {
  const status = providers.find(({ name }) => name === provider.name)
  if (!status) throw new BalanceError('no_such', `${provider.name} was removed meanwhile.`)
  return providerShape(provider, status, settings)
}
