import type * as contract from '../../../src/control/dashboard/data/contract.ts'
import type { TestShape } from '../../../src/control/dashboard/data/contract.ts'
import { found } from './reads.ts'
import { type FakeKey, makeKey, makeTarget, makeToken, type World } from './world.ts'

/** The page changes no proxies. */
type Asked = Exclude<keyof contract.Changes, `proxies.${string}`>
type Answers = {
  readonly [K in Asked]: (input: contract.Changes[K]['in']) => Partial<contract.Changes[K]['out']>
}

/** What the fake daemon does for each change; its revision is raised by the server. */
export function changesOf(world: World, now: () => number): Answers {
  const keyOf = (key: string) => found(world.keys.find(({ id }) => id === key))
  const each = (keys: readonly string[], state: FakeKey['state']) => {
    for (const id of keys) {
      const key = keyOf(id)
      key.state = state
      key.reason = state === 'disabled' ? 'disabled by its owner' : ''
      key.until = null
      key.failures = 0
    }
    return {}
  }
  const providerOf = (name: string) => found(world.providers.find(one => one.name === name))
  const settingOf = (name: string) => found(world.settings.find(one => one.name === name))
  return {
    'providers.add': ({ name, kind = 'openai', base_url = '', path = null }) => {
      const keys = { active: 0, cooling: 0, exhausted: 0, invalid: 0, sealed: 0, disabled: 0 }
      const rest = { enabled: true, default: false, origin: 'command' as const, breakers: {} }
      world.providers.push({ name, kind, base_url, path, keys, ...rest })
      return {}
    },
    'providers.change': ({ name, enabled, base_url }) => {
      const provider = providerOf(name)
      if (base_url !== undefined) throw refusal('origin_locked', 'The provider has keys.', 409)
      if (enabled !== undefined) provider.enabled = enabled
      return {}
    },
    'providers.remove': ({ name }) => {
      world.providers.splice(world.providers.indexOf(providerOf(name)), 1)
      return {}
    },
    'keys.add': ({ provider, text }) => {
      const lines = text.split('\n').filter(line => line.trim() !== '')
      const rejected = lines.flatMap((line, at) =>
        line.includes('bad') ? [{ line: at + 1, reason: 'the label is taken' }] : [],
      )
      if (rejected.length > 0) return { added: [], duplicates: 0, rejected }
      const added = lines.map((line, at) => {
        const [value = '', label = `key-${at}`] = line.split(/\s+/)
        const fresh = makeKey(world.keys.length + at, now())
        const masked = `…${value.slice(-4)}`
        return {
          ...fresh,
          provider,
          label,
          masked,
          state: 'active' as const,
          reason: '',
          until: null,
        }
      })
      world.keys.push(...added)
      return { added, duplicates: 0, rejected }
    },
    'keys.change': ({ key, label }) => {
      if (label !== undefined) keyOf(key).label = label
      return {}
    },
    'keys.enable': ({ keys }) => each(keys, 'active'),
    'keys.disable': ({ keys }) => each(keys, 'disabled'),
    'keys.reset': ({ keys }) => each(keys, 'active'),
    'keys.remove': ({ keys }) => {
      for (const key of keys) world.keys.splice(world.keys.indexOf(keyOf(key)), 1)
      return {}
    },
    'tokens.create': ({ name }) => {
      const token = makeToken(`t_${name}`, name, {})
      world.tokens.push(token)
      return { ...token, token: 'bal-made-up-token-of-the-fake-daemon' }
    },
    'tokens.change': () => ({}),
    'tokens.revoke': ({ token }) => {
      const row = found(world.tokens.find(({ id }) => id === token))
      world.tokens.splice(world.tokens.indexOf(row), 1)
      return {}
    },
    'routes.add': ({ model, to }) => {
      for (const { provider, model: there = null } of to) {
        world.targets.push(makeTarget(`r_${world.targets.length + 1}`, model, provider, there, 1))
      }
      return {}
    },
    'routes.remove': ({ model }) => {
      const row = found(world.targets.find(target => target.model === model))
      world.targets.splice(world.targets.indexOf(row), 1)
      return {}
    },
    'settings.set': ({ name, value }) => {
      if (value === 'nonsense') {
        throw refusal('invalid_value', `${name}: must be from 1 to 100.`, 400, 'Its default is 3.')
      }
      Object.assign(settingOf(name), { value, origin: 'command' })
      return {}
    },
    'settings.unset': ({ name }) => {
      Object.assign(settingOf(name), { value: '3', origin: 'default', file_value: null })
      return {}
    },
    'sessions.revoke': () => ({}),
    reload: () => ({ taken: ['max_retries'], overridden: [], left: [] }),
  }
}

export function refusal(code: string, message: string, status: number, hint?: string): Error {
  return Object.assign(new Error(message), { code, status, hint })
}

/** What a test of this key says. */
export function testOf(key: FakeKey): TestShape {
  const ok = key.state === 'active'
  return {
    key: key.id,
    provider: key.provider,
    label: key.label,
    ok,
    result: ok ? 'works' : 'refused',
    code: ok ? null : 'invalid_api_key',
    failed_at: ok ? null : 'key',
    status: ok ? 200 : 401,
    message: key.reason,
    model: null,
    ms: 120,
    before: key.state,
    after: key.state,
  }
}
