import { describe, expect, it } from 'vitest'
import { wholeProgram } from '../../../src/cli/program.ts'
import { OPERATIONS, type OperationName } from '../../../src/control/api.ts'
import { parseInput } from '../../../src/control/input.ts'
import { useDesk } from './desk.ts'

/** The command that does the same; null for what only commands themselves ask for. */
const COMMANDS: Readonly<Record<OperationName, string | null>> = {
  status: 'status',
  nudge: null,
  flush: null,
  reload: 'reload',
  stop: 'stop',
  abort: 'keys disable',
  'dashboard.link': 'dashboard',
  explain: 'routes explain',
  overview: 'overview',
  'providers.list': 'providers list',
  'providers.show': 'providers show',
  'providers.add': 'providers add',
  'providers.change': 'providers set',
  'providers.remove': 'providers remove',
  'providers.test': 'providers test',
  'providers.models': 'providers models',
  'presets.list': 'providers presets',
  'keys.list': 'keys list',
  'keys.show': 'keys show',
  'keys.add': 'keys add',
  'keys.change': 'keys set',
  'keys.enable': 'keys enable',
  'keys.disable': 'keys disable',
  'keys.reset': 'keys reset',
  'keys.remove': 'keys remove',
  'keys.test': 'keys test',
  'tokens.list': 'tokens list',
  'tokens.create': 'tokens create',
  'tokens.change': 'tokens set',
  'tokens.revoke': 'tokens revoke',
  'proxies.list': 'proxies list',
  'proxies.add': 'proxies add',
  'proxies.change': 'proxies set',
  'proxies.remove': 'proxies remove',
  'proxies.test': 'proxies test',
  'routes.list': 'routes list',
  'routes.add': 'routes add',
  'routes.remove': 'routes remove',
  'settings.list': 'config list',
  'settings.set': 'config set',
  'settings.unset': 'config unset',
  'audit.list': 'config log',
  'requests.list': 'logs list',
  'requests.show': 'logs show',
  'errors.list': 'logs errors',
  stats: 'stats',
  'sessions.list': 'admin sessions',
  'sessions.revoke': 'admin sessions',
}

const NAMES = Object.keys(OPERATIONS) as OperationName[]

describe('the table of operations', () => {
  it('has nothing that the command line lacks', async () => {
    const program = await wholeProgram()
    const known = new Set(
      program.commands.flatMap(group => [
        group.name(),
        ...group.commands.map(command => `${group.name()} ${command.name()}`),
      ]),
    )
    const missing = NAMES.filter(name => COMMANDS[name] !== null && !known.has(COMMANDS[name]))
    expect(missing).toEqual([])
    expect(NAMES.filter(name => !Object.hasOwn(COMMANDS, name))).toEqual([])
  })

  it('gives to the control socket alone what the host decides', () => {
    const local = NAMES.filter(name => OPERATIONS[name].door === 'socket')
    expect(local.sort()).toEqual(['abort', 'dashboard.link', 'flush', 'nudge', 'stop'])
    expect(NAMES.filter(name => /backup|restore|secret|import|apply|password/.test(name))).toEqual(
      [],
    )
  })

  it('lets every change but those of the socket name the revision that it is planned for', () => {
    for (const name of NAMES) {
      const { kind, door, input } = OPERATIONS[name]
      const takes = 'revision' in (input as unknown as { shape: object }).shape
      expect([name, takes]).toEqual([
        name,
        name === 'nudge' || (kind === 'change' && door === 'all'),
      ])
    }
  })
})

describe('an operation', () => {
  const desk = useDesk()

  it.each(NAMES)('%s refuses a field that it does not know, by its name', async name => {
    const { input } = OPERATIONS[name]
    const fit = FIT[name] ?? {}
    expect(() => parseInput<unknown>(name, input, fit)).not.toThrow()
    const asked = desk().client.call(name as 'status', { ...fit, surprise: 1 } as never)
    await expect(asked).rejects.toMatchObject({
      code: 'invalid_value',
      message: expect.stringMatching(new RegExp(`^${name}: .*surprise`)),
    })
  })

  it('that was refused was not carried out', async () => {
    const { client } = desk()
    const [entry] = await client.call('audit.list', { limit: 1 })
    expect(entry?.command).toBe('balance test')
    expect(await client.call('status', {})).toMatchObject({ draining: false })
  })
})

/** What fits each schema: without the surprise it would be carried out. */
const FIT: Readonly<Partial<Record<OperationName, object>>> = {
  nudge: { revision: 1 },
  stop: { now: true },
  abort: { keys: [] },
  explain: { model: null },
  overview: { range: '1h' },
  'providers.show': { name: 'mock' },
  'providers.add': { name: 'openai' },
  'providers.change': { name: 'mock', enabled: false },
  'providers.remove': { name: 'mock' },
  'providers.test': { name: 'mock' },
  'providers.models': { name: 'mock' },
  'keys.show': { key: 'key-1' },
  'keys.add': { provider: 'mock', text: 'sk-surprise-0123456789' },
  'keys.change': { key: 'key-1', weight: 2 },
  'keys.enable': { keys: ['key-1'] },
  'keys.disable': { keys: ['key-1'] },
  'keys.reset': { keys: ['key-1'] },
  'keys.remove': { keys: ['key-1'] },
  'keys.test': { keys: ['key-1'] },
  'tokens.create': { name: 'x' },
  'tokens.change': { token: 'test', rpm: 1 },
  'tokens.revoke': { token: 'test' },
  'proxies.add': { name: 'x', url: 'http://proxy.lan' },
  'proxies.change': { proxy: 'x', enabled: false },
  'proxies.remove': { proxy: 'x' },
  'routes.add': { model: 'x', to: [{ provider: 'mock' }] },
  'routes.remove': { model: 'x' },
  'settings.set': { name: 'max_retries', value: '1' },
  'settings.unset': { name: 'max_retries' },
  'requests.show': { id: '1' },
  'sessions.revoke': { id: '1' },
}
