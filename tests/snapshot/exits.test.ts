import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Live } from '../../src/balancer/live.ts'
import { systemClock } from '../../src/base/clock.ts'
import { proxyStatuses } from '../../src/model/proxy-status.ts'
import { compile } from '../../src/snapshot/compile.ts'
import { exitsOf } from '../../src/snapshot/exits.ts'
import { catalog, key, provider } from '../support/catalog.ts'
import { proxyRow } from '../support/egress.ts'

const NAMES = ['a', 'b', 'c']
const STATES = ['active', 'failing', 'disabled', 'sealed'] as const
const words = fc.constantFrom('all', 'none', 'a', 'a,b', 'b,c', 'gone')

describe('the exits that are shown', () => {
  it('are those that a gateway takes, whatever is set and whatever fails', () => {
    const state = fc.constantFrom(...STATES)
    const given = fc.record({
      states: fc.array(state, { maxLength: NAMES.length }),
      general: words,
      own: fc.option(words),
      ofKeys: fc.array(fc.option(words), { minLength: 1, maxLength: 8 }),
      host: fc.constantFrom('https://api.vendor.test/v1', 'http://localhost:1/v1'),
      direct: fc.constantFrom([], ['vendor.test']),
    })
    const seen = new Set<string | null>()
    fc.assert(
      fc.property(given, ({ states, general, own, ofKeys, host, direct }) => {
        const proxies = states.map((state, at) => {
          const name = NAMES[at] as string
          return proxyRow({ url: `http://${name}.lan:1`, wanted: {} }, name, {
            enabled: state !== 'disabled',
            fault: state === 'sealed' ? { state, reason: 'no' } : null,
          })
        })
        const overrides = own === null ? {} : { proxy: own.split(',') }
        const keys = ofKeys.map((proxy, at) => key(`k_${at}`, { proxy }))
        const settings = { proxy: general.split(',') }
        const whole = catalog({
          providers: [provider('mock', host, { overrides })],
          ...{ keys, proxies, settings, direct },
        })
        const live = new Live(systemClock)
        const compiled = compile(whole, live).byName.get('mock')
        for (const [at, { id }] of proxies.entries()) {
          if (states[at] === 'failing') live.proxies.of(id).failed('It died.', true, 0)
        }
        const failing = { usable: false, fault: 'It died.', lookIn: 1, keys: 0 }
        const report = Object.fromEntries(
          proxies.filter((_, at) => states[at] === 'failing').map(({ id }) => [id, failing]),
        )
        const exitOf = exitsOf(whole, proxyStatuses(proxies, [report], 0))
        for (const one of keys) {
          const exit = compiled?.keys.get(one.id)?.way.exit() ?? null
          const taken = exit && (proxies.find(({ id }) => id === exit.id)?.name ?? 'none')
          seen.add(exitOf(one))
          expect(exitOf(one)).toBe(taken)
        }
      }),
      { numRuns: 500 },
    )
    expect(seen).toEqual(new Set([...NAMES, 'none', null]))
  })
})
