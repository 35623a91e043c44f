import { writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { request as secure } from 'node:https'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { DaemonStatus } from '../../src/model/status.ts'
import { makeCertificate } from '../support/certificates.ts'
import { type Daemon, eventually, World } from '../support/daemon.ts'
import { codeOf, cookieOf, PASSWORD } from '../support/dashboard.ts'
import { type Answer, type Ask, ask } from '../support/gateway.ts'
import { RunQueue } from '../support/run-queue.ts'

let mock: Mock
let world: World
let daemon: Daemon
let token: string

beforeEach(async () => {
  mock = await startMock({ tokens: 4 })
  world = new World()
  token = await world.furnish(mock.url, 'sk-good-0123456789abcdef')
  await world.balance(['admin', 'password', '--stdin'], `${PASSWORD}\n`)
  daemon = await world.serve()
})
afterEach(async () => {
  await world.remove()
  await mock.close()
})

function visit(path: string, { headers = {}, ...change }: Partial<Ask> = {}): Promise<Answer> {
  return ask(daemon.port, { path, token: null, ...change, headers })
}

function post(name: string, body: unknown, cookie = ''): Promise<Answer> {
  return visit(`/admin/api/${name}`, {
    ...{ method: 'POST', body: JSON.stringify(body) },
    headers: { origin: daemon.url, 'x-balance-admin': '1', ...(cookie ? { cookie } : {}) },
  })
}

const read = (name: string, cookie: string) => visit(`/admin/api/${name}`, { headers: { cookie } })
const login = async () => cookieOf(await post('login', { password: PASSWORD }))

interface Live {
  readonly text: () => string
  readonly over: Promise<void>
}

function follow(cookie: string): Promise<Live> {
  return new Promise((resolve, reject) => {
    const path = '/admin/api/live'
    const options = { port: daemon.port, host: '127.0.0.1', path, agent: false }
    const sent = request({ ...options, headers: { cookie } }, (response: IncomingMessage) => {
      let text = ''
      response.on('error', () => {})
      response.on('data', chunk => {
        text += chunk
      })
      resolve({ text: () => text, over: new Promise(done => response.on('close', done)) })
    })
    sent.on('error', reject)
    sent.end()
  })
}

describe('the dashboard of a daemon', () => {
  it('opens with the password, shows what runs, and is left', async () => {
    const cookie = await login()
    const status = JSON.parse((await read('status', cookie)).text) as DaemonStatus
    expect(status).toMatchObject({ running: true, pid: daemon.pid, url: daemon.url })
    const { text } = await read('explain?path=/v1/chat/completions&model=mock-large', cookie)
    expect(JSON.parse(text)).toMatchObject({ choice: { provider: 'mock' } })
    expect((await post('reload', {}, cookie)).text).toContain('"revision"')
    await post('logout', {}, cookie)
    expect((await read('status', cookie)).status).toBe(401)
  })

  it('opens by a link that a command is given, once', async () => {
    const { url } = await world.json<{ url: string }>(['dashboard'])
    expect(url.startsWith(`${daemon.url}/admin/link?t=`)).toBe(true)
    const path = url.slice(daemon.url.length)
    const first = await visit(path)
    expect([first.status, first.headers.location]).toEqual([303, '/admin/'])
    expect((await read('status', cookieOf(first))).status).toBe(200)
    expect((await visit(path)).status).toBe(403)
    const { stdout, stderr, code } = await world.balance(['dashboard', '--print'])
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^http:.*\/admin\/link\?t=[\w-]{43}\n$/),
    ])
    expect(stderr).toContain('30 seconds')
  })

  it('knows a session after a restart, until a command revokes it', async () => {
    const cookie = await login()
    await daemon.stop()
    daemon = await world.serve()
    expect((await read('status', cookie)).status).toBe(200)
    const [session] = await world.json<{ id: string; peer: string }[]>([
      'admin',
      'sessions',
      'list',
    ])
    expect(session).toMatchObject({ peer: '127.0.0.1' })
    const revoked = await world.json(['admin', 'sessions', 'revoke', session?.id ?? ''])
    expect(revoked).toEqual({ revoked: [session?.id] })
    expect((await read('status', cookie)).status).toBe(401)
  })

  it('shows who else is logged in, and logs them out', async () => {
    const [mine, theirs] = [await login(), await login()]
    const sessions = JSON.parse((await read('sessions.list', mine)).text) as {
      id: string
      current: boolean
    }[]
    expect(sessions.map(({ current }) => current)).toEqual([true, false])
    const [own, other] = sessions.map(({ id }) => id)
    expect(JSON.parse((await post('sessions.revoke', { id: other }, mine)).text)).toEqual({
      revoked: [other],
    })
    expect((await read('status', theirs)).status).toBe(401)
    expect((await post('sessions.revoke', { id: other }, mine)).status).toBe(404)
    const [entry] = await world.json<{ action: string; who: string; subject: string }[]>([
      ...['config', 'log'],
    ])
    expect(entry).toMatchObject({
      ...{ action: 'admin.session.revoke', who: `admin session ${own}`, subject: other },
    })
  })

  it('tells what happens as it happens, and of a revoked session no more within a second', async () => {
    const cookie = await login()
    const live = await follow(cookie)
    await eventually(() => live.text().includes('event: status'), 'a status')
    await daemon.ask(token)
    await eventually(() => live.text().includes('event: exchange'), 'an exchange')
    const store = await world.openStore()
    let over = 0
    void live.over.then(() => {
      over = performance.now()
    })
    const queue = new RunQueue([daemon.pid, process.pid])
    const from = performance.now()
    await store.revokeAdminSessions(null)
    await live.over
    await store.close()
    queue.stop()
    expect(queue.slow([{ from, to: over }], 1_000)).toEqual([])
  })

  it('is let go by a new password, and by none', async () => {
    for (const change of [
      () => world.balance(['admin', 'password'], 'another horse battery\n'),
      () => world.balance(['admin', 'password', 'remove', '--yes']),
    ]) {
      const { url } = await world.json<{ url: string }>(['dashboard'])
      const cookie = cookieOf(await visit(url.slice(daemon.url.length)))
      expect((await change()).code).toBe(0)
      expect((await read('status', cookie)).status).toBe(401)
      expect(codeOf(await post('login', { password: PASSWORD }))).toBe('invalid_password')
    }
    expect((await visit('/admin/api/session')).text).toContain('"passwordSet":false')
  })

  it('is switched off and on while it runs, and told its names', async () => {
    await world.balance(['config', 'set', 'dashboard', 'off'])
    expect((await visit('/admin/')).status).toBe(404)
    const refused = await world.balance(['dashboard'])
    expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining('switched off')])
    await world.balance(['config', 'unset', 'dashboard'])
    const named = () => visit('/admin/api/session', { headers: { host: 'gateway.example.com' } })
    expect((await named()).status).toBe(403)
    await world.balance(['config', 'set', 'dashboard_hosts', 'other, Gateway.Example.com'])
    expect((await named()).status).toBe(200)
  })

  it('is no exchange: nothing of it is logged, and no drain waits for it', async () => {
    const cookie = await login()
    const live = await follow(cookie)
    await daemon.ask(token)
    await eventually(() => live.text().includes('event: exchange'), 'an exchange')
    const rows = await world.json<{ path: string }[]>(['logs', 'list'])
    expect(rows.map(({ path }) => path)).toEqual(['/v1/chat/completions'])
    const began = performance.now()
    expect((await daemon.stop()).code).toBe(0)
    await live.over
    // Its drain is 30 s.
    expect(performance.now() - began).toBeLessThan(10_000)
  })

  it('answers 503 while the daemon drains', async () => {
    mock.setScript('*', 'hang-after:1')
    const stream = await daemon.stream(token)
    const socket = connect(daemon.port, '127.0.0.1')
    let answered = ''
    socket.on('data', chunk => {
      answered += chunk
    })
    socket.write('GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await eventually(() => answered.includes('"ok"'), 'an answer')
    // One that is half here when the drain begins.
    socket.write('GET /admin/ HTTP/1.1\r\n')
    daemon.signal('SIGTERM')
    await eventually(() => daemon.stderr.includes('stopping'), 'the drain')
    socket.write('host: localhost\r\n\r\n')
    await eventually(() => answered.includes('HTTP/1.1 503'), 'a refusal')
    expect(answered).toContain('"overloaded"')
    stream.leave()
    await daemon.ended
  })
})

/** An address of this host that is not loopback's: who calls it comes from there, too. */
const OUTER = Object.values(networkInterfaces())
  .flat()
  .find(each => each !== undefined && !each.internal && each.family === 'IPv4')?.address

describe.skipIf(OUTER === undefined)('the dashboard, from elsewhere', () => {
  /** The status and code that the session is answered with. */
  function knock(tls: boolean, change: { readonly host?: string; readonly port?: number } = {}) {
    const open = tls ? secure : request
    const { port = daemon.port, host } = change
    const options = { port, host: OUTER, path: '/admin/api/session', rejectUnauthorized: false }
    const headers = host === undefined ? {} : { host }
    return new Promise<string>((resolve, reject) => {
      const sent = open({ ...options, headers, agent: false }, response => {
        let text = ''
        response.on('data', chunk => {
          text += chunk
        })
        const code = () => (JSON.parse(text) as { error?: { code: string } }).error?.code ?? ''
        response.on('end', () => resolve(`${response.statusCode} ${code()}`.trim()))
      })
      sent.on('error', reject)
      sent.end()
    })
  }

  it('needs TLS, and a name that it knows', { timeout: 60_000 }, async () => {
    await daemon.stop()
    const { cert, key } = makeCertificate('gateway.example.com')
    writeFileSync(join(world.cwd, 'cert.pem'), cert)
    writeFileSync(join(world.cwd, 'key.pem'), key, { mode: 0o600 })
    const files = ['--tls-cert', 'cert.pem', '--tls-key', 'key.pem']

    daemon = await world.serve('--host', '0.0.0.0')
    expect(await knock(false)).toBe('403 origin_not_allowed')
    await world.balance(['config', 'set', 'dashboard_hosts', `gateway.example.com,${OUTER}`])
    expect(await knock(false)).toBe('403 tls_required')
    expect(await knock(false, { host: 'gateway.example.com' })).toBe('403 tls_required')
    await daemon.stop()

    daemon = await world.serve('--host', '0.0.0.0', ...files)
    expect(await knock(true)).toBe('200')
    expect(await knock(true, { host: 'gateway.example.com:443' })).toBe('200')
    expect(await knock(true, { host: 'evil.example' })).toBe('403 origin_not_allowed')
    await daemon.stop()

    // What it listens on by name needs no setting.
    await world.balance(['config', 'unset', 'dashboard_hosts'])
    daemon = await world.serve('--host', OUTER as string, ...files)
    expect(await knock(true)).toBe('200')
  })
})
