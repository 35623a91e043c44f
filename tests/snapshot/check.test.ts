import { describe, expect, it } from 'vitest'
import { SETTING_NAMES } from '../../src/model/settings.ts'
import { check } from '../../src/snapshot/check.ts'
import { catalog, key, provider, route, token } from '../support/catalog.ts'

/** A value as it may lie in the store, whatever its type should be. */
const as = <T>(value: unknown) => value as T

const mock = provider('mock', 'http://127.0.0.1/v1')

describe('a catalogue whose values no command would have written', () => {
  it.each([
    ['Setting policy', { settings: { policy: as<'weighted'>('fastest') } }],
    ['Setting max_body', { settings: { max_body: as<number>('many') } }],
    ['Setting max_body', { settings: { max_body: as<number>('2MiB') } }],
    ['Setting max_body', { settings: { max_body: as<number>(null) } }],
    ['Setting timeout', { settings: { timeout: -1 } }],
    ['Setting headers', { settings: { headers: { 'x-a': 'split\r\nx-b: c' } } }],
    ['Provider mock', { providers: [{ ...mock, kind: as<'openai'>('nonsense') }] }],
    ['Provider mock', { providers: [{ ...mock, overrides: as<object>([]) }] }],
    ['Provider mock', { providers: [{ ...mock, overrides: as<object>({ policy: 'fastest' }) }] }],
    ['Key mock/a', { keys: [key('a', { weight: -5 })] }],
    ['Key mock/a', { keys: [key('a', { rpm: 0 })] }],
    ['Token t', { tokens: [token('t', 'bal_t', { models: as<string[]>(7) })] }],
    ['Token t', { tokens: [token('t', 'bal_t', { concurrency: 0.5 })] }],
    ['Route fast', { routes: [{ model: 'fast', targets: [] }] }],
    ['Route fast', { routes: [route('fast', { provider: 'gone' })] }],
    ['Route fast', { routes: [route('fast', { weight: 0 })] }],
    ['Route fast', { routes: [route('fast', { tier: as<number>('1') })] }],
    ['Route fast', { routes: [route('fast', { model: 'gpt-*' })] }],
    ['Route fast', { routes: [route('fast', { model: '' })] }],
    ['Route a b', { routes: [route('a b')] }],
  ])('is refused, and %s named', (row, parts) => {
    expect(() => check(catalog({ providers: [mock], ...parts }))).toThrow(
      expect.objectContaining({
        code: 'config_invalid',
        message: expect.stringMatching(new RegExp(`^${row}\\b`)),
      }),
    )
  })

  it('is no other', () => {
    const own = { policy: 'weighted', timeout: 5_000, headers: { 'x-a': 'b' } } as const
    const whole = catalog({
      providers: [{ ...mock, overrides: own }],
      keys: [key('a', { weight: 1_000, rpm: 1 })],
      tokens: [token('t', 'bal_t', { models: ['gpt-*'], providers: [], rpm: 60 })],
      routes: [route('gpt-*'), route('fast', { model: 'gpt-4o', weight: 1_000, tier: 2 })],
    })
    expect(Object.keys(whole.settings).sort()).toEqual([...SETTING_NAMES].sort())
    expect(() => check(whole)).not.toThrow()
  })
})
