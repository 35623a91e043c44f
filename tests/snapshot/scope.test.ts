import { describe, expect, it } from 'vitest'
import { Live } from '../../src/balancer/live.ts'
import { systemClock } from '../../src/base/clock.ts'
import type { EgressProxy } from '../../src/model/egress-proxy.ts'
import { compile } from '../../src/snapshot/compile.ts'
import { catalog, key, provider } from '../support/catalog.ts'

function proxy(name: string, change: Partial<EgressProxy> = {}): EgressProxy {
  return {
    ...{ id: `x_${name}`, name, url: `http://${name}.lan:3128`, enabled: true, protected: false },
    ...{ reference: null, secret: null, fault: null, origin: 'command', createdAt: 0 },
    ...change,
  }
}

const BOTH = [proxy('a'), proxy('b')]

/** Ids of the proxies that a provider is dialled through; an empty one: directly. */
function waysOf(
  baseUrl: string,
  parts: Parameters<typeof catalog>[0],
  own?: readonly string[],
): string[] {
  const mock = provider('mock', baseUrl, { overrides: own ? { proxy: own } : {} })
  const whole = catalog({ providers: [mock], keys: [key('k')], ...parts })
  const compiled = compile(whole, new Live(systemClock)).byName.get('mock')
  return compiled?.scope.exits.map(({ id }) => id) ?? []
}

const VENDOR = 'https://api.vendor.test/v1'

describe('how a provider is dialled', () => {
  it.each<[string, Parameters<typeof catalog>[0], string[] | undefined, string[]]>([
    ['directly where there is no proxy', {}, undefined, ['']],
    ['through all there are', { proxies: BOTH }, undefined, ['x_a', 'x_b']],
    [
      'through those of the settings',
      { proxies: BOTH, settings: { proxy: ['b'] } },
      undefined,
      ['x_b'],
    ],
    ['through its own', { proxies: BOTH, settings: { proxy: ['b'] } }, ['a'], ['x_a']],
    ['directly where it says so', { proxies: BOTH }, ['none'], ['']],
    [
      'directly where the settings say so',
      { proxies: BOTH, settings: { proxy: ['none'] } },
      undefined,
      [''],
    ],
    [
      'not through one that is off',
      { proxies: [proxy('a', { enabled: false }), proxy('b')] },
      undefined,
      ['x_b'],
    ],
    ['not at all where all are off', { proxies: [proxy('a', { enabled: false })] }, undefined, []],
    ['not at all where what it names is gone', { proxies: BOTH }, ['c'], []],
    ['not at all where it names one and there is none', {}, ['c'], []],
    [
      'not at all where the password does not open',
      { proxies: [proxy('a', { fault: { state: 'sealed', reason: 'no' } })] },
      undefined,
      [],
    ],
  ])('%s', (_, parts, own, ways) => {
    expect(waysOf(VENDOR, parts, own)).toEqual(ways)
  })

  it('each key by its own, where that is said', () => {
    const keys = [key('a'), key('b', { proxy: 'none' }), key('c', { proxy: 'b' })]
    const whole = catalog({ providers: [provider('mock', VENDOR)], keys, proxies: BOTH })
    const compiled = compile(whole, new Live(systemClock)).byName.get('mock')
    const waysOf = (id: string) => compiled?.keys.get(id)?.way.scope.exits.map(exit => exit.id)
    expect(['a', 'b', 'c'].map(waysOf)).toEqual([['x_a', 'x_b'], [''], ['x_b']])
    expect(compiled?.scopes).toHaveLength(3)
  })

  it.each(['http://localhost:11434', 'http://127.0.0.1:1', 'http://[::1]:1', 'http://a.localhost'])(
    'directly at %s, unless it names proxies itself',
    url => {
      expect(waysOf(url, { proxies: BOTH })).toEqual([''])
      expect(waysOf(url, { proxies: BOTH }, ['all'])).toEqual([''])
      expect(waysOf(url, { proxies: BOTH }, ['a'])).toEqual(['x_a'])
    },
  )

  it.each([
    ['*', true],
    ['vendor.test', true],
    ['.vendor.test', true],
    ['*.vendor.test', true],
    ['API.vendor.test', true],
    ['api.vendor.test:443', true],
    ['api.vendor.test:80', false],
    ['endor.test', false],
    ['.', false],
    ['10.0.0.0/8', false],
  ])('NO_PROXY=%s: directly %s', (entry, direct) => {
    const ways = waysOf(VENDOR, { proxies: BOTH, direct: [entry] })
    expect(ways).toEqual(direct ? [''] : ['x_a', 'x_b'])
  })

  it.each([
    ['10.0.0.0/8', 'http://10.1.2.3', true],
    ['10.0.0.0/8', 'http://11.1.2.3', false],
    ['10.0.0.0/99', 'http://10.1.2.3', false],
    ['fd00::/8', 'http://[fd12::1]', true],
    ['10.1.2.3', 'http://10.1.2.3', true],
    ['fd12::1', 'http://[fd12::1]', true],
    ['2.3', 'http://10.1.2.3', false],
  ])('NO_PROXY=%s and %s: directly %s', (entry, url, direct) => {
    const ways = waysOf(url, { proxies: BOTH, direct: [entry] })
    expect(ways).toEqual(direct ? [''] : ['x_a', 'x_b'])
  })
})
