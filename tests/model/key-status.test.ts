import { describe, expect, it } from 'vitest'
import type { Key, KeyMemory, Mark } from '../../src/model/catalog.ts'
import { keyStatus, providerStatuses } from '../../src/model/key-status.ts'
import { DEFAULT_SETTINGS } from '../../src/model/settings.ts'

const SAVED = Date.UTC(2026, 0, 1)

function key(change: Partial<Key> = {}): Key {
  return {
    id: 'k_1',
    provider: 'openai',
    label: 'one',
    weight: 1,
    tier: 1,
    enabled: true,
    generation: 4,
    masked: 'sk-…f3a9',
    reference: null,
    secret: null,
    fault: null,
    rpm: null,
    concurrency: null,
    proxy: null,
    origin: 'command',
    createdAt: SAVED,
    ...change,
  }
}

function memory(change: Partial<KeyMemory> = {}): KeyMemory {
  return {
    keyId: 'k_1',
    generation: 4,
    failures: 0,
    invalid: null,
    exhausted: null,
    cooling: {},
    savedAt: SAVED,
    ...change,
  }
}

function mark(kind: Mark['kind'], remaining: number, reason: string): Mark {
  return { kind, remaining, reason }
}

describe('keyStatus', () => {
  const everything = memory({
    invalid: { reason: 'refused', since: SAVED },
    exhausted: mark('exhausted', 60_000, 'no money'),
    cooling: { 'gpt-4o': mark('cooling', 60_000, 'rate') },
  })
  const sealed = { state: 'sealed', reason: 'wrong master key' } as const

  it('puts the worse state before the milder one', () => {
    const order = [
      keyStatus(key({ enabled: false, fault: sealed }), everything, SAVED),
      keyStatus(key({ fault: sealed }), everything, SAVED),
      keyStatus(key(), everything, SAVED),
      keyStatus(key(), { ...everything, invalid: null }, SAVED),
      keyStatus(key(), { ...everything, invalid: null, exhausted: null }, SAVED),
      keyStatus(key(), memory(), SAVED),
      keyStatus(key(), undefined, SAVED),
    ]
    expect(order.map(status => status.state)).toEqual([
      'disabled',
      'sealed',
      'invalid',
      'exhausted',
      'cooling',
      'active',
      'active',
    ])
    expect(order.map(status => status.reason === '')).toEqual([
      ...Array(5).fill(false),
      ...Array(2).fill(true),
    ])
  })

  it('ignores what was learned under another generation', () => {
    const status = keyStatus(key({ generation: 5 }), { ...everything, failures: 3 }, SAVED)
    expect(status).toMatchObject({ state: 'active', reason: '', until: null, failures: 0 })
  })

  it('lets a cooling end when its time has passed', () => {
    const cooling = memory({ cooling: { 'gpt-4o': mark('cooling', 10_000, 'rate limit') } })
    expect(keyStatus(key(), cooling, SAVED + 9_999)).toMatchObject({
      state: 'cooling',
      reason: 'gpt-4o: rate limit',
      until: new Date(SAVED + 10_000).toISOString(),
    })
    expect(keyStatus(key(), cooling, SAVED + 10_000).state).toBe('active')
  })

  it('names the longest of several coolings, and how many more there are', () => {
    const cooling = memory({
      cooling: { a: mark('cooling', 5_000, 'rate'), '': mark('cooling', 9_000, 'rate limit') },
    })
    expect(keyStatus(key(), cooling, SAVED)).toMatchObject({
      reason: 'rate limit (and 1 more)',
      until: new Date(SAVED + 9_000).toISOString(),
    })
  })

  it('keeps an exhausted key exhausted after its time, with no time to name', () => {
    const exhausted = memory({ exhausted: mark('exhausted', 10_000, 'no money') })
    expect(keyStatus(key(), exhausted, SAVED + 20_000)).toMatchObject({
      state: 'exhausted',
      until: null,
    })
  })

  it('adds nothing to a wait when the clock was set back', () => {
    const cooling = memory({ cooling: { a: mark('cooling', 10_000, 'rate') } })
    const back = SAVED - 3_600_000
    expect(keyStatus(key(), cooling, back).until).toBe(new Date(back + 10_000).toISOString())
  })
})

describe('providerStatuses', () => {
  it('counts the keys of each provider by state and marks the default', () => {
    const provider = {
      id: 'p_1',
      name: 'openai',
      path: null,
      kind: 'openai',
      baseUrl: 'https://api.openai.com/v1',
      enabled: true,
      generation: 1,
      overrides: {},
      origin: 'command',
      createdAt: SAVED,
    } as const
    const catalog = {
      settings: { ...DEFAULT_SETTINGS, default_provider: 'openai' },
      providers: [provider, { ...provider, id: 'p_2', name: 'groq' }],
      keys: [key(), key({ id: 'k_2', enabled: false }), key({ id: 'k_3' })],
      memories: [memory({ keyId: 'k_3', invalid: { reason: 'refused', since: SAVED } })],
    }
    const breakers = new Map([['groq', { 'llama-3': 'open' as const }]])
    const [openai, groq] = providerStatuses(catalog, SAVED, breakers)
    expect(openai).toMatchObject({
      default: true,
      keys: { active: 1, disabled: 1, invalid: 1, cooling: 0, exhausted: 0, sealed: 0 },
      breakers: {},
    })
    expect(groq).toMatchObject({ default: false, breakers: { 'llama-3': 'open' } })
    expect(Object.values(groq?.keys ?? {})).toEqual([0, 0, 0, 0, 0, 0])
  })
})
