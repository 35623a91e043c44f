import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Store } from '../../../src/model/store.ts'
import { count, PATIENCE } from '../../support/count.ts'
import {
  CHEAP,
  codeOf,
  cookieOf,
  dearly,
  PASSWORD,
  TestDashboard,
  WAYS,
} from '../../support/dashboard.ts'
import type { Answer } from '../../support/gateway.ts'

let dashboard: TestDashboard
afterEach(() => dashboard.close())

const login = (password: unknown, cookie?: string) => dashboard.post('login', { password }, cookie)
const session = async (cookie: string) =>
  JSON.parse((await dashboard.get('session', cookie)).text) as {
    session: { id: string } | null
    passwordSet: boolean
  }

/** What the door asks of the store: each comparison reads the password once. */
function counting(calls: { compared: number }, gate?: () => Promise<unknown>) {
  return (store: Store): Store => ({
    ...store,
    async adminPassword() {
      calls.compared++
      await gate?.()
      return store.adminPassword()
    },
  })
}

describe.each(WAYS)('a login to the dashboard, %s', way => {
  it('gives a cookie that no script and no other site gets', async () => {
    dashboard = await TestDashboard.start(way)
    await dashboard.store.setAdminPassword(await dearly())
    const answer = await login(PASSWORD)
    expect([answer.status, answer.text]).toEqual([200, '{}\n'])
    expect(answer.headers['set-cookie']).toEqual([
      expect.stringMatching(
        /^__Host-balance=[\w-]{43}; Secure; HttpOnly; SameSite=Strict; Path=\/; Max-Age=43200$/,
      ),
    ])
    const state = await session(cookieOf(answer))
    expect(state).toMatchObject({ passwordSet: true, session: { peer: '127.0.0.1' } })
  })

  it('takes over no cookie that a browser brings', async () => {
    dashboard = await TestDashboard.start(way)
    await dashboard.store.setAdminPassword(await CHEAP)
    const planted = `__Host-balance=${'x'.repeat(43)}`
    const fresh = cookieOf(await login(PASSWORD, planted))
    expect(fresh).not.toBe(planted)
    expect((await session(planted)).session).toBeNull()
    expect((await session(fresh)).session).not.toBeNull()
  })

  it('gives another cookie each time, and gives up the one before', async () => {
    dashboard = await TestDashboard.start(way)
    await dashboard.store.setAdminPassword(await CHEAP)
    const first = cookieOf(await login(PASSWORD))
    const second = cookieOf(await login(PASSWORD, first))
    expect(second).not.toBe(first)
    expect((await session(first)).session).toBeNull()
    expect((await session(second)).session).not.toBeNull()
    expect(await dashboard.store.adminSessions()).toHaveLength(1)
  })

  it('ends with a logout, whatever is replayed', async () => {
    dashboard = await TestDashboard.start(way)
    const cookie = await dashboard.enter()
    const out = await dashboard.post('logout', {}, cookie)
    expect([out.status, out.headers['set-cookie']]).toEqual([
      200,
      ['__Host-balance=; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age=0'],
    ])
    expect((await dashboard.get('status', cookie)).status).toBe(401)
    expect((await session(cookie)).session).toBeNull()
    expect((await dashboard.post('logout', {}, cookie)).status).toBe(401)
  })

  it('ends at once with another password', async () => {
    dashboard = await TestDashboard.start(way)
    const cookie = await dashboard.enter()
    await dashboard.store.setAdminPassword(await CHEAP)
    expect((await dashboard.get('status', cookie)).status).toBe(401)
  })

  it.each([
    ['a wrong password', PASSWORD.toUpperCase()],
    ['an empty one', ''],
    ['a part of it', PASSWORD.slice(0, -1)],
    ['a long one', 'x'.repeat(1_024)],
  ])('is refused with %s, as where none is set', async (_, password) => {
    dashboard = await TestDashboard.start(way)
    const none = await login(password)
    await dashboard.store.setAdminPassword(await CHEAP)
    const wrong = await login(password)
    expect([wrong.status, codeOf(wrong)]).toEqual([401, 'invalid_password'])
    expect(wrong.headers['set-cookie']).toBeUndefined()
    expect([none.status, none.text]).toEqual([wrong.status, wrong.text])
    expect(wrong.text).not.toContain(password === '' ? PASSWORD : password)
    expect(await dashboard.store.adminSessions()).toEqual([])
  })

  it.each([
    [{}, 400],
    [{ password: 1 }, 400],
    [{ password: [PASSWORD] }, 400],
    [{ password: PASSWORD, admin: true }, 400],
    [{ password: 'x'.repeat(1_025) }, 400],
    [{ password: 'x'.repeat(10_000) }, 413],
  ])('is asked for as it should be: %j', async (body, status) => {
    const calls = { compared: 0 }
    dashboard = await TestDashboard.start(way, { wrap: counting(calls) })
    expect((await dashboard.post('login', body)).status).toBe(status)
    expect(calls.compared).toBe(0)
  })
})

describe('the time of a refusal', () => {
  it('tells not whether a password is set', { retry: 2 }, async () => {
    dashboard = await TestDashboard.start('directly')
    const times: number[][] = [[], []]
    const timed = async (into: number[]) => {
      const began = performance.now()
      await login('not the password at all')
      into.push(performance.now() - began)
    }
    for (let i = 0; i < 4; i++) {
      dashboard.clock.advance(60_000)
      await dashboard.store.removeAdminPassword().catch(() => {})
      await timed(times[0] as number[])
      await dashboard.store.setAdminPassword(await dearly())
      await timed(times[1] as number[])
    }
    const [none, wrong] = times.map(each => Math.min(...each)) as [number, number]
    expect(none / wrong).toBeGreaterThan(0.67)
    expect(none / wrong).toBeLessThan(1.5)
  })
})

describe('guessing', () => {
  /** Of guesses that come one after the other, and how many of them were looked at. */
  async function guess(guesses: number, peer: (n: number) => string) {
    const calls = { compared: 0 }
    dashboard = await TestDashboard.start('directly', { wrap: counting(calls) })
    await dashboard.store.setAdminPassword(await CHEAP)
    const codes = new Map<string, number>()
    const began = dashboard.clock.now()
    for (let n = 0; n < guesses; n++) {
      dashboard.visitor = { peer: peer(n), tls: true }
      const code = codeOf(await login(`guess number ${n}`))
      codes.set(code, (codes.get(code) ?? 0) + 1)
      dashboard.clock.advance(10)
    }
    const minutes = Math.ceil((dashboard.clock.now() - began) / 60_000)
    return { compared: calls.compared, minutes, codes }
  }

  const GUESSES = count(300, 10_000)

  it(`reaches scrypt thirty times a minute, of ${GUESSES} from as many places`, {
    timeout: PATIENCE,
  }, async () => {
    const { compared, minutes, codes } = await guess(GUESSES, n => `10.${n >> 8}.${n & 255}.1`)
    expect(compared).toBeLessThanOrEqual(30 * minutes)
    expect(compared).toBeGreaterThanOrEqual(30)
    expect(codes.get('too_many_logins')).toBe(GUESSES - compared)
  })

  it.each<[string, (n: number) => string]>([
    ['one address', () => '203.0.113.9'],
    ['one network of IPv6', n => `2001:db8:1:2:${n.toString(16)}::${n}`],
    ['the same network, written out', n => `2001:db8:1:2:0:0:${n.toString(16)}:1`],
  ])('reaches it ten times a minute from %s', async (_, peer) => {
    expect((await guess(40, peer)).compared).toBe(10)
  })

  it('locks the right password out as well, for a minute, and says for how long', async () => {
    await guess(40, () => '203.0.113.9')
    const locked = await login(PASSWORD)
    expect([locked.status, codeOf(locked)]).toEqual([429, 'too_many_logins'])
    const wait = Number(locked.headers['retry-after'])
    expect(wait).toBe(60)
    // From elsewhere it goes on, and a link is not bounded.
    dashboard.visitor = { peer: '198.51.100.7', tls: true }
    expect((await login(PASSWORD)).status).toBe(200)
    dashboard.visitor = { peer: '203.0.113.9', tls: true }
    await dashboard.enter()
    dashboard.clock.advance(wait * 1_000)
    expect((await login(PASSWORD)).status).toBe(200)
  })

  it('has one password compared at a time, and none of who has left', async () => {
    const calls = { compared: 0 }
    const gates: (() => void)[] = []
    const gate = () => new Promise<void>(open => gates.push(open))
    dashboard = await TestDashboard.start('directly', { wrap: counting(calls, gate) })
    await dashboard.store.setAdminPassword(await CHEAP)
    const leaving = new AbortController()
    const first = login(PASSWORD)
    await vi.waitFor(() => expect(calls.compared).toBe(1))
    const left = dashboard
      .ask('/admin/api/login', {
        ...{ method: 'POST', body: JSON.stringify({ password: PASSWORD }) },
        ...{ headers: dashboard.own, signal: leaving.signal },
      })
      .catch(() => null)
    const third = login(PASSWORD)
    const others = Array.from({ length: 7 }, () => login('another guess of mine'))
    await vi.waitFor(() => expect(dashboard.requests).toHaveLength(10))
    expect(calls.compared).toBe(1)
    leaving.abort()
    await left
    const gone = () => dashboard.requests.filter(({ socket }) => socket.destroyed)
    await vi.waitFor(() => expect(gone()).toHaveLength(1))
    let answers: Answer[] | null = null
    void Promise.all([first, third, ...others]).then(all => {
      answers = all
    })
    const most = { compared: 0 }
    while (answers === null) {
      most.compared = Math.max(most.compared, gates.length)
      gates.shift()?.()
      await new Promise(setImmediate)
    }
    const statuses = (answers as Answer[]).map(({ status }) => status)
    expect(statuses).toEqual([200, 200, ...others.map(() => 401)])
    expect(most.compared).toBe(1)
    expect(calls.compared).toBe(9)
  })

  it('is told to the audit in one row a minute, and to the log', async () => {
    await guess(35, n => `203.0.113.${n}`)
    const failed = async () =>
      (await dashboard.store.audit({ limit: 99 })).filter(
        ({ action }) => action === 'admin.login.failed',
      )
    expect(await failed()).toEqual([])
    dashboard.clock.advance(60_000)
    await vi.waitFor(async () => expect(await failed()).toHaveLength(1))
    const [row] = await failed()
    expect(row?.after).toMatchObject({ wrong: 30, limited: 5, peers: { length: 10 } })
    dashboard.clock.advance(60_000)
    expect(await failed()).toHaveLength(1)
    await login('one more guess')
    await dashboard.door.close()
    expect(await failed()).toHaveLength(2)
    expect(dashboard.lines.join()).toContain('a login to the dashboard failed')
    expect(dashboard.lines.join()).not.toMatch(/guess number|one more/)
  })
})

describe.each(WAYS)('a link to the dashboard, %s', way => {
  it('logs in once', async () => {
    dashboard = await TestDashboard.start(way)
    const link = dashboard.links.make()
    expect(link).toMatch(/^\/admin\/link\?t=[\w-]{43}$/)
    // Who only looks does not use it up.
    expect((await dashboard.ask(link, { method: 'HEAD' })).status).toBe(405)
    const first = await dashboard.ask(link)
    expect([first.status, first.headers.location]).toEqual([303, '/admin/'])
    expect((await session(cookieOf(first))).session).not.toBeNull()
    const second = await dashboard.ask(link)
    expect([second.status, second.headers['set-cookie']]).toEqual([403, undefined])
    expect(second.text).toContain('balance dashboard')
    expect(await dashboard.store.adminSessions()).toHaveLength(1)
  })

  it('is good for thirty seconds, as one of the last sixteen', async () => {
    dashboard = await TestDashboard.start(way)
    const old = dashboard.links.make()
    dashboard.clock.advance(30_000)
    expect((await dashboard.ask(old)).status).toBe(403)
    const [first = '', ...others] = Array.from({ length: 17 }, () => dashboard.links.make())
    dashboard.clock.advance(29_999)
    expect((await dashboard.ask(first)).status).toBe(403)
    for (const link of others) expect((await dashboard.ask(link)).status).toBe(303)
  })

  it.each(['', '?t=', '?t=x', `?t=${'A'.repeat(43)}`, '?x=1', '/?t=x'])(
    'that nobody made is none: %j',
    async query => {
      dashboard = await TestDashboard.start(way)
      dashboard.links.make()
      const { status, headers } = await dashboard.ask(`/admin/link${query}`)
      expect([403, 404]).toContain(status)
      expect(headers['set-cookie']).toBeUndefined()
    },
  )
})
