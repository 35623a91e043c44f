import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LiveExchange } from '../../../src/control/api.ts'
import { ADMIN_IDLE_MS } from '../../../src/model/admin.ts'
import { codeOf, TestDashboard, WAYS } from '../../support/dashboard.ts'
import { record } from '../../support/record.ts'

/** What has come of an answer that goes on. */
class Events {
  text = ''
  over = false
  readonly response: IncomingMessage

  constructor(response: IncomingMessage) {
    this.response = response
    response.on('data', chunk => {
      this.text += chunk
    })
    response.on('error', () => {})
    response.on('close', () => {
      this.over = true
    })
  }

  /** The data of all events of a name. */
  of(name: string): unknown[] {
    return [...this.text.matchAll(new RegExp(`^event: ${name}\ndata: (.*)\n\n`, 'gm'))].map(
      ([, data = '']) => JSON.parse(data) as unknown,
    )
  }

  has(words: string | number, name: string): Promise<void> {
    return vi.waitFor(() => expect(JSON.stringify(this.of(name))).toContain(words))
  }
}

describe.each(WAYS)('what happens now, %s', way => {
  let dashboard: TestDashboard
  let cookie: string
  beforeEach(async () => {
    dashboard = await TestDashboard.start(way)
    cookie = await dashboard.enter()
  })
  afterEach(() => dashboard.close())

  async function follow(query = ''): Promise<Events> {
    const response = await dashboard.open(`/admin/api/live${query}`, cookie)
    expect(response.statusCode).toBe(200)
    const events = new Events(response)
    await vi.waitFor(() => expect(events.text).toContain('retry: '))
    return events
  }

  const exchange = (requestId: string, change: Partial<LiveExchange> = {}): LiveExchange => ({
    ...record(),
    requestId,
    ...change,
  })

  it('is told as it happens, in the shape of the commands', async () => {
    const events = await follow()
    expect(events.response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    dashboard.tail.publish([exchange('one\n\nevent: status')])
    await events.has('one', 'exchange')
    expect(events.of('exchange')).toMatchObject([{ request_id: 'one\n\nevent: status', id: null }])
  })

  it('may be filtered, by what the filter knows', async () => {
    const events = await follow('?provider=lab')
    dashboard.tail.publish([
      exchange('no', { provider: 'mock' }),
      exchange('yes', { provider: 'lab' }),
    ])
    await events.has('yes', 'exchange')
    expect(events.of('exchange')).toHaveLength(1)
    expect((await dashboard.get('live?colour=red', cookie)).status).toBe(400)
  })

  it('has the status where it has changed, at most every two seconds', async () => {
    let number = 1
    dashboard.answer = () => ({ number })
    const events = await follow()
    await events.has('{"number":1}', 'status')
    for (const seconds of [2, 2, 2]) {
      const asked = dashboard.calls.length
      dashboard.clock.advance(seconds * 1_000)
      await vi.waitFor(() => expect(dashboard.calls).toHaveLength(asked + 1))
      await new Promise(setImmediate)
    }
    number = 2
    dashboard.clock.advance(1_999)
    expect(dashboard.calls.length).toBe(4)
    dashboard.clock.advance(1)
    await events.has('{"number":2}', 'status')
    expect(events.of('status')).toHaveLength(2)
  })

  it('goes on when a status cannot be had', async () => {
    dashboard.answer = () => Promise.reject(new Error('Not now.'))
    const events = await follow()
    dashboard.tail.publish([exchange('on')])
    await events.has('on', 'exchange')
  })

  it('is pinged every fifteen seconds', async () => {
    const events = await follow()
    dashboard.clock.advance(15_000)
    await vi.waitFor(() => expect(events.text.match(/^: ping$/gm)).toHaveLength(1))
    dashboard.clock.advance(30_000)
    await vi.waitFor(() => expect(events.text.match(/^: ping$/gm)).toHaveLength(3))
  })

  it.each<[string, () => Promise<unknown>]>([
    ['is revoked', () => dashboard.store.revokeAdminSessions(null)],
    [
      'is nobody’s any more, for its password is gone',
      async () => {
        await dashboard.store.setAdminPassword({
          ...{ hash: '00'.repeat(32), salt: '00'.repeat(16) },
          ...{ cost: 128, blockSize: 8, parallelization: 1 },
        })
      },
    ],
    ['logs out', () => dashboard.post('logout', {}, cookie)],
    [
      'is idle too long',
      async () => {
        dashboard.clock.advance(ADMIN_IDLE_MS - 500)
        // The look that began on the way is over after this.
        return dashboard.store.adminSessions()
      },
    ],
  ])('ends within half a second when its session %s', async (_, end) => {
    const events = await follow()
    await end()
    dashboard.clock.advance(500)
    await vi.waitFor(() => expect(events.over).toBe(true))
    expect((await dashboard.get('live', cookie)).status).toBe(401)
  })

  it('goes on for the others', async () => {
    const mine = await follow()
    const other = cookie
    cookie = await dashboard.enter()
    const theirs = await follow()
    await dashboard.post('logout', {}, other)
    await vi.waitFor(() => expect(mine.over).toBe(true))
    dashboard.clock.advance(500)
    dashboard.tail.publish([exchange('on')])
    await theirs.has('on', 'exchange')
  })

  it('costs nothing while nobody follows', async () => {
    const idle = dashboard.clock.pending
    const [one, two] = [await follow(), await follow()]
    expect(dashboard.clock.pending).toBeGreaterThan(idle)
    expect(dashboard.tail.followed).toBe(true)
    for (const { response } of [one, two]) response.destroy()
    await vi.waitFor(() => expect(dashboard.clock.pending).toBe(idle))
    expect(dashboard.tail.followed).toBe(false)
    const asked = dashboard.calls.length
    dashboard.clock.advance(60_000)
    expect(dashboard.calls).toHaveLength(asked)
    dashboard.tail.publish([exchange('to nobody')])
  })

  it('is told to thirty-two at once', async () => {
    const all = await Promise.all(Array.from({ length: 32 }, () => follow()))
    const refused = await dashboard.get('live', cookie)
    expect([refused.status, codeOf(refused)]).toEqual([503, 'overloaded'])
    all[0]?.response.destroy()
    await vi.waitFor(async () => {
      const events = await follow()
      dashboard.tail.publish([exchange('again')])
      await events.has('again', 'exchange')
    })
  })

  it('costs little when its reader sleeps: it is dropped lines, and let go after a minute', async () => {
    const asleep = await dashboard.open('/admin/api/live', cookie)
    const awake = await follow()
    const long = 'm'.repeat(250)
    const line = (n: number) => exchange(`r${n}`, { model: long, path: `/${long}` })
    // More than all buffers on the way hold.
    const [rounds, each] = [200, 500]
    for (let round = 0; round < rounds; round++) {
      dashboard.tail.publish(Array.from({ length: each }, (_, n) => line(round * each + n)))
      await new Promise(setImmediate)
    }
    await vi.waitFor(
      () => {
        const dropped = (awake.of('dropped') as number[]).reduce((sum, n) => sum + n, 0)
        expect(awake.of('exchange').length + dropped).toBe(rounds * each)
      },
      { timeout: 10_000 },
    )
    awake.response.destroy()
    // Then nobody is awake, and no status is made.
    await vi.waitFor(async () => {
      const asked = dashboard.calls.length
      dashboard.clock.advance(2_000)
      await new Promise(setImmediate)
      expect(dashboard.calls).toHaveLength(asked)
    })
    expect(dashboard.tail.followed).toBe(true)
    dashboard.clock.advance(90_000)
    await vi.waitFor(() => expect(dashboard.tail.followed).toBe(false))
    asleep.resume()
    await once(asleep, 'error')
    // And woken it comes back.
    const again = await follow()
    dashboard.tail.publish([exchange('good morning')])
    await again.has('good morning', 'exchange')
  }, 30_000)
})
