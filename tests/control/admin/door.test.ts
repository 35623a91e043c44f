import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { OPERATIONS } from '../../../src/control/api.ts'
import { ADMIN_IDLE_MS, ADMIN_LIFE_MS } from '../../../src/model/admin.ts'
import { ASKABLE, codeOf, TestDashboard, WAYS } from '../../support/dashboard.ts'
import { TOKEN } from '../../support/gateway.ts'

const SOCKET_ONLY = Object.entries(OPERATIONS)
  .filter(([, { door }]) => door === 'socket')
  .map(([name]) => name)

/** Everything that only somebody who is logged in may ask. */
const ROUTES: readonly (readonly [string, string])[] = [
  ...ASKABLE,
  ...SOCKET_ONLY.map(name => ['POST', name] as const),
  ['GET', 'live'],
  ['POST', 'logout'],
  ['GET', 'no.such'],
  ['GET', ''],
  ['DELETE', 'status'],
]

describe.each(WAYS)('the door of the dashboard, %s', way => {
  let dashboard: TestDashboard
  afterEach(() => dashboard.close())

  const ask = (method: string, name: string, headers: Record<string, string>) =>
    dashboard.ask(`/admin/api/${name}`, {
      method,
      headers: { ...dashboard.own, ...headers },
      ...(method === 'POST' ? { body: '{}' } : {}),
    })

  it.each<[string, () => Promise<Record<string, string>>]>([
    ['no session', async () => ({})],
    ['a client token', async () => ({ authorization: `Bearer ${TOKEN}`, 'x-api-key': TOKEN })],
    ['a client token as the cookie', async () => ({ cookie: `__Host-balance=${TOKEN}` })],
    ['a cookie of nobody', async () => ({ cookie: `__Host-balance=${'A'.repeat(43)}` })],
    [
      'the id of a session',
      async () => {
        await dashboard.enter()
        const [session] = await dashboard.store.adminSessions()
        return { cookie: `__Host-balance=${session?.id}` }
      },
    ],
    [
      'a cookie of another name',
      async () => {
        const cookie = await dashboard.enter()
        return { cookie: cookie.replace('__Host-', '') }
      },
    ],
    [
      'two cookies',
      async () => {
        const [one, two] = [await dashboard.enter(), await dashboard.enter()]
        return { cookie: `${one}; ${two}` }
      },
    ],
    [
      'an idle session',
      async () => {
        const cookie = await dashboard.enter()
        dashboard.clock.advance(ADMIN_IDLE_MS)
        return { cookie }
      },
    ],
    [
      'an expired session',
      async () => {
        const cookie = await dashboard.enter()
        dashboard.clock.advance(ADMIN_LIFE_MS)
        return { cookie }
      },
    ],
    [
      'a session that logged out',
      async () => {
        const cookie = await dashboard.enter()
        await dashboard.post('logout', {}, cookie)
        return { cookie }
      },
    ],
    [
      'a session that was revoked',
      async () => {
        const cookie = await dashboard.enter()
        await dashboard.store.revokeAdminSessions(null)
        return { cookie }
      },
    ],
    [
      'a session that another login took the place of',
      async () => {
        const cookie = await dashboard.enter()
        await dashboard.enter(cookie)
        return { cookie }
      },
    ],
  ])('answers 401 to everything with %s', async (_, visitor) => {
    dashboard = await TestDashboard.start(way)
    const headers = await visitor()
    for (const [method, name] of ROUTES) {
      const answer = await ask(method, name, headers)
      expect([method, name, answer.status, codeOf(answer)]).toEqual([
        method,
        name,
        401,
        'no_session',
      ])
    }
    expect(dashboard.calls).toEqual([])
  })

  it('lets in who is logged in, and tells operations who it is', async () => {
    dashboard = await TestDashboard.start(way)
    const cookie = await dashboard.enter()
    const [session] = await dashboard.store.adminSessions()
    expect(JSON.parse((await dashboard.get('status', cookie)).text)).toEqual({ name: 'status' })
    expect((await dashboard.post('reload', {}, cookie)).status).toBe(200)
    expect(dashboard.calls).toMatchObject([
      { name: 'status', input: {}, caller: { session: session?.id } },
      { name: 'reload', input: {}, caller: { who: `admin session ${session?.id}` } },
    ])
  })

  it('goes on for who is at work, and not for a page that asks by itself', async () => {
    dashboard = await TestDashboard.start(way)
    const cookie = await dashboard.enter()
    const seen = async () => (await dashboard.store.adminSessions())[0]?.seenAt
    const began = await seen()
    dashboard.clock.advance(ADMIN_IDLE_MS - 60_000)
    const unasked = { cookie, 'x-balance-unasked': '1' }
    expect((await ask('GET', 'status', unasked)).status).toBe(200)
    expect((await dashboard.get('session', cookie)).status).toBe(200)
    expect(await seen()).toBe(began)
    expect((await ask('GET', 'status', { cookie })).status).toBe(200)
    await vi.waitFor(async () => expect(await seen()).toBe(dashboard.clock.wall()))
    dashboard.clock.advance(60_000)
    expect((await ask('GET', 'status', unasked)).status).toBe(200)
  })

  it('has no operation of the control socket alone', async () => {
    dashboard = await TestDashboard.start(way)
    const cookie = await dashboard.enter()
    expect(SOCKET_ONLY).toEqual(['nudge', 'stop', 'abort', 'flush', 'dashboard.link'])
    for (const name of [...SOCKET_ONLY, 'no.such', 'constructor', '__proto__', 'status/', 'tail']) {
      for (const method of ['GET', 'POST']) {
        const answer = await ask(method, name, { cookie })
        expect([name, answer.status, codeOf(answer)]).toEqual([name, 404, 'not_found'])
      }
    }
    expect(dashboard.calls).toEqual([])
  })

  it('takes reads by GET and changes by POST alone', async () => {
    dashboard = await TestDashboard.start(way)
    const cookie = await dashboard.enter()
    const wrong = await ask('POST', 'status', { cookie })
    expect([wrong.status, wrong.headers.allow]).toEqual([405, 'GET, HEAD'])
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const answer = await ask(method, 'reload', { cookie })
      expect([method, answer.status, answer.headers.allow]).toEqual([method, 405, 'POST'])
    }
    const { status, text } = await ask('HEAD', 'status', { cookie })
    expect([status, text]).toEqual([200, ''])
    expect(dashboard.calls.map(({ name }) => name)).toEqual(['status'])
  })

  it('reads a query as the schema has it, and refuses what that does not know', async () => {
    dashboard = await TestDashboard.start(way)
    const cookie = await dashboard.enter()
    await dashboard.get('explain?path=/v1/chat&model=a%20b', cookie)
    expect(dashboard.calls[0]?.input).toEqual({ path: '/v1/chat', model: 'a b', token: null })
    for (const query of [
      ...['explain?path=/v1&model=a&colour=red', 'explain?path=/v1&path=/v2'],
      ...['status?x', 'explain?path=/v1&__proto__=1', 'explain?path=/v1&constructor=1'],
    ]) {
      const answer = await dashboard.get(query, cookie)
      expect([query, answer.status, codeOf(answer)]).toEqual([query, 400, 'invalid_value'])
    }
    expect(dashboard.calls).toHaveLength(1)
  })

  it.each<[string, string | Buffer, Record<string, string>, number, string]>([
    ['an unknown member', '{"hard":true}', {}, 400, 'invalid_value'],
    ['another prototype', '{"__proto__":{"a":1}}', {}, 400, 'invalid_value'],
    ['a list', '[]', {}, 400, 'invalid_value'],
    ['what is no JSON', '{"a":', {}, 400, 'invalid_body'],
    [
      'a form',
      'a=1',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'unsupported_media_type',
    ],
    ['a text', '{}', { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    [
      'a text that says JSON',
      '{}',
      { 'content-type': 'text/plain; a=application/json' },
      415,
      'unsupported_media_type',
    ],
    [
      'a file',
      '{}',
      { 'content-type': 'multipart/form-data; boundary=x' },
      415,
      'unsupported_media_type',
    ],
    ['no type', '{}', { 'content-type': '' }, 415, 'unsupported_media_type'],
    ['compressed JSON', '{}', { 'content-encoding': 'gzip' }, 415, 'unsupported_media_type'],
    ['too much', `{"a":"${'x'.repeat(1_100_000)}"}`, {}, 413, 'request_too_large'],
  ])('takes no change that is %s', async (_, body, headers, status, code) => {
    dashboard = await TestDashboard.start(way)
    const cookie = await dashboard.enter()
    const answer = await dashboard.ask('/admin/api/reload', {
      ...{ method: 'POST', body },
      headers: { ...dashboard.own, cookie, ...headers },
    })
    expect([answer.status, codeOf(answer)]).toEqual([status, code])
    expect(dashboard.calls).toEqual([])
    expect((await dashboard.post('reload', {}, cookie)).status).toBe(200)
  })

  it('says with what is read which revision was in force before', async () => {
    dashboard = await TestDashboard.start(way)
    const cookie = await dashboard.enter()
    dashboard.revision = 41
    dashboard.answer = () => {
      dashboard.revision++
      return {}
    }
    const { headers } = await dashboard.get('tokens.list', cookie)
    expect(headers['x-balance-revision']).toBe('41')
    const changed = await dashboard.post('reload', {}, cookie)
    expect(changed.headers).not.toHaveProperty('x-balance-revision')
    const stranger = await dashboard.get('tokens.list')
    expect(stranger.headers).not.toHaveProperty('x-balance-revision')
  })

  it('takes no change with a query', async () => {
    dashboard = await TestDashboard.start(way)
    const cookie = await dashboard.enter()
    expect((await dashboard.post('reload?revision=1', {}, cookie)).status).toBe(400)
    expect(dashboard.calls).toEqual([])
  })

  it('waits ten seconds for a body, no longer', async () => {
    dashboard = await TestDashboard.start(way)
    const cookie = await dashboard.enter()
    const socket = connect(dashboard.port, '127.0.0.1')
    const { host } = new URL(dashboard.origin)
    const head = { host, cookie, ...dashboard.own, 'content-type': 'application/json' }
    const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}`)
    const before = dashboard.clock.pending
    socket.write(
      ['POST /admin/api/reload HTTP/1.1', ...lines, 'content-length: 9', '', '{'].join('\r\n'),
    )
    const answered = text(socket)
    while (dashboard.clock.pending === before) await new Promise(setImmediate)
    dashboard.clock.advance(10_000)
    expect(await answered).toMatch(/^HTTP\/1.1 408 .*request_timeout/s)
    expect(dashboard.calls).toEqual([])
  })

  it.each<[string, (own: Record<string, string>) => Record<string, string>]>([
    ['without its header', ({ origin }) => ({ origin: origin as string })],
    ['without an origin', () => ({ 'x-balance-admin': '1' })],
    ['from nowhere', own => ({ ...own, origin: 'null' })],
    ['from another site', own => ({ ...own, origin: 'https://evil.example' })],
    ['from another port', own => ({ ...own, origin: 'http://127.0.0.1:1' })],
    ['from a longer name', own => ({ ...own, origin: `${own.origin}.evil.example` })],
    ['that a browser calls cross-site', own => ({ ...own, 'sec-fetch-site': 'cross-site' })],
    ['that a browser calls same-site', own => ({ ...own, 'sec-fetch-site': 'same-site' })],
    ['that a person typed', own => ({ ...own, 'sec-fetch-site': 'none' })],
  ])('takes no change %s, and no login', async (_, change) => {
    dashboard = await TestDashboard.start(way)
    const cookie = await dashboard.enter()
    for (const name of ['reload', 'logout', 'login']) {
      const answer = await dashboard.ask(`/admin/api/${name}`, {
        ...{ method: 'POST', body: '{}' },
        headers: { cookie, ...change(dashboard.own) },
      })
      expect([name, answer.status, codeOf(answer)]).toEqual([name, 403, 'origin_not_allowed'])
    }
    expect(dashboard.calls).toEqual([])
    expect((await dashboard.get('session', cookie)).text).toContain('"id"')
  })

  it.each([
    { origin: 'null' },
    { origin: 'https://evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('reads nothing to another site: %j', async headers => {
    dashboard = await TestDashboard.start(way)
    const cookie = await dashboard.enter()
    for (const name of ['status', 'session', 'live']) {
      const answer = await dashboard.ask(`/admin/api/${name}`, { headers: { cookie, ...headers } })
      expect([name, answer.status]).toEqual([name, 403])
      expect(Object.keys(answer.headers).filter(each => /^access-control/.test(each))).toEqual([])
    }
  })

  it('is called by its own names only', async () => {
    dashboard = await TestDashboard.start(way)
    dashboard.hosts = ['gateway.example.com', 'fd00::1']
    const { port } = dashboard
    const status = async (host: string) =>
      (await dashboard.ask('/admin/', { headers: { host } })).status
    for (const host of [
      ...['localhost', `localhost:${port}`, 'LOCALHOST', '127.0.0.1', '[::1]:1'],
      ...['gateway.example.com', 'Gateway.Example.Com:443', '[fd00::1]'],
    ]) {
      expect([host, await status(host)]).toEqual([host, 503])
    }
    for (const host of [
      ...['evil.example', 'localhost.evil.example', 'localhost.', '127.0.0.2', '0.0.0.0'],
      ...['localhost:x', 'gateway.example.com.', '[::1', '2130706433'],
    ]) {
      expect([host, await status(host)]).toEqual([host, 403])
    }
    // What is no host at all is refused before it is asked whose it is.
    for (const host of ['x@localhost', 'localhost/', 'a, localhost'])
      expect([host, await status(host)]).toEqual([host, 400])
  })

  it('is not called by two names at once, or by none', async () => {
    dashboard = await TestDashboard.start(way)
    for (const hosts of ['host: localhost\r\nhost: evil.example', 'host:', 'host: a, localhost']) {
      const socket = connect(dashboard.port, '127.0.0.1')
      socket.write(`GET /admin/ HTTP/1.1\r\n${hosts}\r\nconnection: close\r\n\r\n`)
      expect(await text(socket)).toMatch(/^HTTP\/1.1 400 /)
    }
  })

  it.each<[string, string, boolean, Record<string, string>, number]>([
    ['another host', '192.168.1.7', false, {}, 403],
    ['another host over TLS', '192.168.1.7', true, {}, 200],
    ['another host of IPv6', 'fd00::2', false, {}, 403],
    [
      'another host that says it is a proxy',
      '192.168.1.7',
      false,
      { 'x-forwarded-proto': 'https' },
      403,
    ],
    ['nowhere', '', false, {}, 403],
    ['this host', '127.0.0.9', false, {}, 200],
    ['this host by IPv6', '::1', false, {}, 200],
    ['a proxy here, with TLS', '127.0.0.1', false, { 'x-forwarded-proto': 'https' }, 200],
    ['a proxy here, without', '127.0.0.1', false, { 'x-forwarded-proto': 'http' }, 403],
  ])('answers to %s as its way is safe', async (_, peer, tls, headers, status) => {
    dashboard = await TestDashboard.start(way, { files: { 'dashboard/index.html': '<p>' } })
    dashboard.visitor = { peer, tls }
    const paths = ['/admin/', '/admin/api/session']
    for (const path of paths) {
      const answer = await dashboard.ask(path, { headers })
      expect([path, answer.status]).toEqual([path, status])
      if (status === 403) expect(codeOf(answer)).toBe('tls_required')
    }
  })

  it('has its headers on every answer', async () => {
    dashboard = await TestDashboard.start(way)
    const cookie = await dashboard.enter()
    const answers = [
      ...(await Promise.all(
        ['/admin', '/admin/', '/admin/x', '/admin/link', '/admin/api/session', '/admin/api/x'].map(
          path => dashboard.ask(path),
        ),
      )),
      await dashboard.get('status', cookie),
      await dashboard.ask('/admin/', { headers: { host: 'evil.example' } }),
      await dashboard.post('login', { password: 'x' }),
    ]
    for (const { headers } of answers) {
      expect(headers).toMatchObject({
        'content-security-policy': expect.stringMatching(
          /^default-src 'none'; script-src 'self'; style-src 'self';.* frame-ancestors 'none'/,
        ),
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'cache-control': 'no-store',
      })
    }
  })

  it('tells errors of operations by their code, and defects not at all', async () => {
    dashboard = await TestDashboard.start(way)
    const cookie = await dashboard.enter()
    const { BalanceError } = await import('../../../src/base/errors.ts')
    const fail = async (error: Error) => {
      dashboard.answer = () => Promise.reject(error)
      const answer = await dashboard.get('status', cookie)
      return [answer.status, JSON.parse(answer.text).error]
    }
    for (const [code, status] of [
      ['stale_plan', 409],
      ['name_taken', 409],
      ['in_use', 409],
      ['no_such', 404],
      ['invalid_value', 400],
      ['not_permitted', 403],
      ['store_unavailable', 503],
      ['store_invalid', 500],
    ] as const) {
      const told = await fail(new BalanceError(code, 'So it is.', { hint: 'Do that.' }))
      expect(told).toEqual([status, { code, message: 'So it is.', hint: 'Do that.' }])
    }
    const [status, error] = await fail(new Error('the secret is sk-1'))
    expect([status, error.code]).toEqual([500, 'internal_error'])
    expect(JSON.stringify(error)).not.toContain('sk-1')
    expect(dashboard.lines.join()).toContain('internal error')
  })

  it('is no exchange, and is gone where it is switched off', async () => {
    dashboard = await TestDashboard.start(way)
    const cookie = await dashboard.enter()
    await dashboard.get('status', cookie)
    dashboard.gateway.apply({ settings: { dashboard: false } })
    for (const path of ['/admin', '/admin/', '/admin/api/session', '/admin/link?t=x', '/admin?x']) {
      const answer = await dashboard.ask(path, { headers: { cookie } })
      expect([path, answer.status, codeOf(answer)]).toEqual([path, 404, 'not_found'])
    }
    await dashboard.gateway.gateway.flush()
    expect(dashboard.gateway.records).toEqual([])
    const [report] = await dashboard.gateway.gateway.reports()
    expect(report).toMatchObject({ requests: 0, inFlight: 0 })
  })
})
