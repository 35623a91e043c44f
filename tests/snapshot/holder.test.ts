import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Live } from '../../src/balancer/live.ts'
import { Secret } from '../../src/base/secret.ts'
import type { Catalog } from '../../src/model/catalog.ts'
import type { EgressProxy } from '../../src/model/egress-proxy.ts'
import { SnapshotHolder } from '../../src/snapshot/holder.ts'
import { Agents } from '../../src/upstream/agents.ts'
import { catalog, key, outage, provider, token, word } from '../support/catalog.ts'
import { count } from '../support/count.ts'
import { stock } from '../support/key-lists.ts'
import { ManualClock } from '../support/manual-clock.ts'

function holding(first: Catalog): SnapshotHolder {
  const clock = new ManualClock()
  const holder = new SnapshotHolder(new Live(clock), new Agents(), clock)
  holder.swap(first)
  return holder
}

const openai = provider('openai', 'https://api.openai.com/v1')

describe('a snapshot', () => {
  it('resolves each provider’s settings once: its own over the general ones', () => {
    const { current } = holding(
      catalog({
        settings: { max_failures: 5, headers: { 'x-all': '1', 'x-both': 'general' } },
        providers: [
          openai,
          provider('lab', 'http://lab/v1', {
            overrides: { max_failures: 9, headers: { 'x-both': 'own' } },
          }),
        ],
      }),
    )
    expect(current?.byName.get('openai')?.settings).toMatchObject({
      max_failures: 5,
      max_retries: 3,
    })
    expect(current?.byName.get('lab')?.settings.max_failures).toBe(9)
    expect(current?.byName.get('lab')?.upward.own).toEqual(['x-all', '1', 'x-both', 'own'])
  })

  it('finds providers by name, path and kind; disabled ones by none', () => {
    const { current } = holding(
      catalog({
        settings: { default_provider: 'off' },
        providers: [
          provider('off', 'http://off/v1', { enabled: false, path: 'gone' }),
          provider('a', 'http://a/v1', { path: 'first' }),
          provider('b', 'http://b', { kind: 'anthropic' }),
        ],
      }),
    )
    expect([...(current?.byName.keys() ?? [])]).toEqual(['a', 'b'])
    expect(current?.byPath.get('first')?.name).toBe('a')
    expect(current?.byPath.has('gone')).toBe(false)
    expect(current?.ofDialect.get('anthropic')?.name).toBe('b')
    expect(current?.defaultProvider).toBeNull()
  })

  it('is frozen, and keeps what a request began with', () => {
    const holder = holding(
      catalog({ providers: [openai], keys: [key('a', { provider: 'openai' })] }),
    )
    const before = holder.current
    holder.swap(catalog({ revision: 2, providers: [] }))
    expect(before?.byName.get('openai')?.keys.size).toBe(1)
    expect(holder.current?.byName.size).toBe(0)
    expect(() => Object.assign(before as object, { revision: 9 })).toThrow()
  })
})

describe('a key that did not change', () => {
  const mock = (change?: Parameters<typeof provider>[2]) => provider('mock', 'http://mock', change)
  const compiledOf = (holder: SnapshotHolder) => holder.current?.byName.get('mock')
  const credentials = (holder: SnapshotHolder) =>
    Array.from(compiledOf(holder)?.keys.values() ?? [], ({ id, credential, way }) => [
      id,
      credential,
      way.exit()?.id,
    ])

  it('is compiled as it would be without what was there before', () => {
    const proxies = [egress('x'), egress('y')]
    const recipe = fc.record({
      keys: fc.uniqueArray(
        fc.record({
          id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
          weight: fc.integer({ min: 1, max: 2 }),
          proxy: fc.constantFrom(null, null, null, 'x', 'y', 'none'),
          value: fc.constantFrom('sk-one-0123456789', 'sk-two-0123456789'),
          closed: fc.boolean(),
        }),
        { selector: ({ id }) => id },
      ),
      header: fc.constantFrom('', '', 'x-own'),
      used: fc.constantFrom(0, 1, 2, 2),
    })
    fc.assert(
      fc.property(fc.array(recipe, { maxLength: 6 }), steps => {
        const holder = holding(catalog({}))
        const take = stock()
        for (const { keys, header, used } of steps) {
          const given = keys.map(({ closed, ...rest }) =>
            take({ ...rest, ...(closed && { secret: null }) }),
          )
          const parts = {
            providers: [mock({ overrides: header === '' ? {} : { key_header: header } })],
            keys: given,
            proxies: proxies.slice(0, used),
          }
          holder.swap(catalog(parts))
          const fresh = holding(catalog(parts))
          expect(credentials(holder).toSorted()).toEqual(credentials(fresh).toSorted())
          expect(compiledOf(holder)?.homeKey).toBe(compiledOf(fresh)?.homeKey)
        }
      }),
      { numRuns: count(200, 10_000) },
    )
  })

  it('is not compiled again, unless it is shown or dialled in another way', () => {
    const take = stock()
    const keys = ['a', 'b', 'c'].map(id => take({ id }))
    const holder = holding(catalog({ providers: [mock()], keys }))
    const before = compiledOf(holder)?.keys
    holder.swap(catalog({ providers: [mock()], keys: [...keys], revision: 2 }))
    expect(compiledOf(holder)?.keys).toBe(before)
    holder.swap(catalog({ providers: [mock()], keys: keys.with(1, take({ id: 'b', weight: 2 })) }))
    expect(compiledOf(holder)?.keys.get('a')).toBe(before?.get('a'))
    expect(compiledOf(holder)?.keys.get('b')).not.toBe(before?.get('b'))
    holder.swap(catalog({ providers: [mock({ baseUrl: 'http://other' })], keys }))
    expect(compiledOf(holder)?.keys.get('a')).not.toBe(before?.get('a'))
    expect(compiledOf(holder)?.keys.get('a')?.way.exit()?.dial.origin).toBe('http://other')
  })

  it('is dialled with the password that its proxy has now', () => {
    const take = stock()
    const keys = [take({ id: 'a' })]
    const vendor = provider('mock', 'http://vendor.test')
    const holder = holding(
      catalog({ providers: [vendor], keys, proxies: [egress('x', new Secret('old-password'))] }),
    )
    const proxies = [egress('x', new Secret('new-password'))]
    holder.swap(catalog({ providers: [vendor], keys, proxies }))
    const { via } = compiledOf(holder)?.keys.get('a')?.way.exit()?.dial ?? {}
    expect(via?.password?.reveal()).toBe('new-password')
  })
})

function egress(name: string, secret: Secret | null = null): EgressProxy {
  return {
    ...{ id: `x_${name}`, name, url: `http://u@${name}.lan:3128`, enabled: true, reference: null },
    ...{ protected: secret !== null, secret, fault: null, origin: 'command', createdAt: 0 },
  }
}

describe('a swap', () => {
  it('that does not compile changes nothing, and names the row', () => {
    const holder = holding(
      catalog({ providers: [openai], keys: [key('a', { provider: 'openai' })] }),
    )
    const before = holder.current
    const broken = catalog({
      revision: 2,
      providers: [openai, provider('lab', 'not a url')],
      keys: [],
    })
    expect(() => holder.swap(broken)).toThrow(
      expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining('lab') }),
    )
    expect(holder.current).toBe(before)
    expect(before?.byName.get('openai')?.pool.size).toBe(1)
  })

  it('carries what was learned: a pool, and what a token has used', () => {
    const parts = {
      providers: [openai],
      keys: [key('a', { provider: 'openai' })],
      tokens: [token('t', 'bal_x', { rpm: 1 })],
    }
    const holder = holding(catalog(parts))
    const [caller] = holder.current?.tokens.values() ?? []
    expect(caller?.caller.enter(1_000)).toBe(0)
    const pool = holder.current?.byName.get('openai')?.pool
    holder.swap(catalog({ ...parts, revision: 2, settings: { max_retries: 7 } }))
    expect(holder.current?.byName.get('openai')?.pool).toBe(pool)
    const [again] = holder.current?.tokens.values() ?? []
    expect(again?.caller.enter(1_000)).toBeGreaterThan(0)
  })

  it('forgets a provider that was removed: one of the same name begins anew', () => {
    const parts = { providers: [openai], keys: [key('a', { provider: 'openai' })] }
    const holder = holding(catalog(parts))
    const pool = holder.current?.byName.get('openai')?.pool
    holder.swap(catalog({ revision: 2 }))
    holder.swap(catalog({ ...parts, revision: 3 }))
    expect(holder.current?.byName.get('openai')?.pool).not.toBe(pool)
  })

  it('takes over what is known of providers, until the owner voids it', () => {
    const outages = [outage({ m: word(new ManualClock().wall(), 5_000) })]
    const mock = (generation: number) => provider('mock', 'http://mock', { generation })
    const holder = holding(catalog({ providers: [mock(1)], outages }))
    const passes = () => holder.current?.byName.get('mock')?.pool.passes('m', 1_000)
    expect(passes()).toBe(false)
    holder.swap(catalog({ providers: [mock(1)] }))
    expect(passes()).toBe(false)
    holder.swap(catalog({ providers: [mock(2)], outages }))
    expect(passes()).toBe(true)
  })
})
