import { describe, expect, it } from 'vitest'
import { ServiceWatch, statusLine } from '../../src/daemon/service-watch.ts'
import { catalog, key, provider } from '../support/catalog.ts'
import { ManualClock } from '../support/manual-clock.ts'

describe('the status line', () => {
  const well = { pending: null, store: { ok: true, error: null } }
  const keys = [key('a'), key('b', { enabled: false })]
  const inForce = {
    ...catalog({ providers: [provider('mock', 'http://127.0.0.1:9/v1')], keys }),
    revision: 7,
  }

  it('counts, and names the revision', () => {
    expect(statusLine(inForce, [], well, 0)).toBe('1 provider, 2 keys, 1 usable; revision 7')
  })

  it('begins with what is ill', () => {
    const ill = {
      pending: { revision: 8, error: 'no such provider' },
      store: { ok: false, error: 'it is locked' },
    }
    expect(statusLine(inForce, [], ill, 0)).toBe(
      'revision 8 is not in force: no such provider; store trouble: it is locked; 1 provider, 2 keys, 1 usable; revision 7',
    )
  })
})

describe('a service watch', () => {
  const clock = new ManualClock()
  let said: string[] = []
  let status = 'well'
  let serves = true
  const begin = (watchdog: number | null) => {
    said = []
    return new ServiceWatch({
      notifier: {
        ready: () => said.push('ready'),
        stopping: () => said.push('stopping'),
        status: text => said.push(text),
        alive: () => said.push('alive'),
      },
      notify: { env: {}, watchdog },
      clock,
      status: () => status,
      serves: async () => serves,
    })
  }
  const pass = async (ms: number) => {
    clock.advance(ms)
    await Promise.resolve()
  }

  it('says that it serves, and the status whenever it has changed', async () => {
    const watch = begin(null)
    await pass(10_000)
    expect(said).toEqual(['well', 'ready'])
    status = 'ill'
    await pass(5_000)
    watch.stopping()
    await pass(10_000)
    expect(said).toEqual(['well', 'ready', 'ill', 'stopping', 'draining'])
    watch.stop()
  })

  it('gives a sign of life twice in the time, in a drain too, but none while nobody serves', async () => {
    const watch = begin(3_000)
    const beats = () => said.filter(word => word === 'alive').length
    await pass(1_500)
    expect(beats()).toBe(1)
    serves = false
    await pass(1_500)
    await pass(1_500)
    expect(beats()).toBe(1)
    serves = true
    watch.stopping()
    await pass(1_500)
    expect(beats()).toBe(2)
    watch.stop()
    await pass(1_500)
    expect(beats()).toBe(2)
  })
})
