import { describe, expect, it } from 'vitest'
import { ProxyHealth } from '../../src/balancer/proxy-health.ts'

describe('a proxy', () => {
  it('leaves after three faults in a row, and an answer between them counts anew', () => {
    const health = new ProxyHealth()
    const proxy = health.of('x')
    proxy.failed('no', false, 0)
    proxy.failed('no', false, 0)
    proxy.worked()
    proxy.failed('no', false, 0)
    proxy.failed('no', false, 0)
    expect([proxy.usable, health.epoch]).toEqual([true, 0])
    proxy.failed('no', false, 10)
    expect([proxy.usable, health.epoch, proxy.lookAt]).toEqual([false, 1, 5_010])
    expect(health.of('x')).toBe(proxy)
  })

  it('is looked at after 5 s, then twice as long each time, up to 5 min; then it begins anew', () => {
    const proxy = new ProxyHealth().of('x')
    proxy.failed('gone', true, 0)
    const pauses = Array.from({ length: 8 }, () => {
      const at = proxy.lookAt ?? 0
      proxy.stillFails('gone', at)
      return (proxy.lookAt ?? 0) - at
    })
    expect(pauses).toEqual([10, 20, 40, 80, 160, 300, 300, 300].map(seconds => seconds * 1_000))
    proxy.worked()
    expect([proxy.usable, proxy.lookAt, proxy.fault]).toEqual([true, null, 'gone'])
    proxy.failed('gone', true, 0)
    expect(proxy.lookAt).toBe(5_000)
  })

  it('that failed already is not put off by requests that were on their way', () => {
    const proxy = new ProxyHealth().of('x')
    proxy.failed('gone', true, 0)
    proxy.failed('gone', true, 4_000)
    expect(proxy.lookAt).toBe(5_000)
  })
})
