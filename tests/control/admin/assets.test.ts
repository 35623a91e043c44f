import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestDashboard, WAYS } from '../../support/dashboard.ts'

const PAGE = '<!doctype html><title>Balance</title>'
const SCRIPT = 'console.log("the page")\n'.repeat(99)
const FILES = {
  'dashboard/index.html': PAGE,
  'dashboard/favicon.svg': '<svg/>',
  'dashboard/assets/app-1a2b3c4d.js': SCRIPT,
  'dashboard/assets/app-1a2b3c4d.js.br': brotliCompressSync(SCRIPT),
  'dashboard/assets/app-1a2b3c4d.js.gz': gzipSync(SCRIPT),
  'dashboard/assets/app-5e6f.css': 'p{}',
  'secret.txt': 'outside',
  'dashboard-secret.txt': 'beside',
}
const PATH = '/admin/assets/app-1a2b3c4d.js'

describe.each(WAYS)("the page's files, %s", way => {
  let dashboard: TestDashboard
  beforeAll(async () => {
    dashboard = await TestDashboard.start(way, { files: FILES })
  })
  afterAll(() => dashboard.close())

  it('are there without a login, of their type', async () => {
    for (const [path, type, body] of [
      ['/admin/', 'text/html; charset=utf-8', PAGE],
      ['/admin/?x=1', 'text/html; charset=utf-8', PAGE],
      ['/admin/favicon.svg', 'image/svg+xml', '<svg/>'],
      [PATH, 'text/javascript; charset=utf-8', SCRIPT],
      ['/admin/assets/app-5e6f.css', 'text/css; charset=utf-8', 'p{}'],
    ]) {
      const answer = await dashboard.ask(path as string)
      expect([answer.status, answer.headers['content-type'], answer.text]).toEqual([
        ...[200, type, body],
      ])
    }
    const { status, headers } = await dashboard.ask('/admin')
    expect([status, headers.location]).toEqual([308, '/admin/'])
  })

  it('may be kept where their name has a hash, and else not', async () => {
    const kept = async (path: string) => (await dashboard.ask(path)).headers['cache-control']
    expect(await kept(PATH)).toBe('public, max-age=31536000, immutable')
    expect(await kept('/admin/')).toBe('no-store')
    expect(await kept('/admin/favicon.svg')).toBe('no-store')
  })

  it.each([
    ['br', 'gzip, deflate, br', brotliDecompressSync],
    ['gzip', 'gzip', gunzipSync],
    ['gzip', 'br;q=0, gzip;q=0.5', gunzipSync],
    [undefined, '', (body: Buffer) => body],
    [undefined, 'identity', (body: Buffer) => body],
    [undefined, 'zebra', (body: Buffer) => body],
  ] as const)('come as %s to who takes %j', async (coding, accepted, decode) => {
    const answer = await dashboard.ask(PATH, { headers: { 'accept-encoding': accepted } })
    expect(answer.headers['content-encoding']).toBe(coding)
    expect(answer.headers.vary).toBe('accept-encoding')
    expect(answer.headers['content-length']).toBe(String(answer.body.length))
    expect(decode(answer.body).toString()).toBe(SCRIPT)
  })

  it('are shown without a body to HEAD, and take nothing', async () => {
    const head = await dashboard.ask(PATH, { method: 'HEAD' })
    expect([head.status, head.headers['content-length'], head.text]).toEqual([
      ...[200, String(SCRIPT.length), ''],
    ])
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect((await dashboard.ask(PATH, { method })).status).toBe(405)
    }
  })

  it.each([
    ...['/admin/../secret.txt', '/admin/assets/../../secret.txt', '/admin/..%2fsecret.txt'],
    ...['/admin/%2e%2e/secret.txt', '/admin/%2e%2e%2fsecret.txt', '/admin/..%5csecret.txt'],
    ...['/admin/..\\secret.txt', '/admin/assets/..', '/admin/assets/', '/admin/assets', '/admin/.'],
    ...[
      '/admin//secret.txt',
      '/admin/./index.html',
      '/admin/index.html',
      '/admin/%00',
      '/admin/..;/',
    ],
    ...[
      '/admin/..%c0%af..%c0%afsecret.txt',
      '/admin/%252e%252e/secret.txt',
      '/admin/....//secret.txt',
    ],
    ...['/admin/../dashboard-secret.txt', '/admin/-secret.txt', '/admin/assets/app-1a2b3c4d.js.br'],
    ...[
      '/admin//etc/passwd',
      '/admin/file:///etc/passwd',
      '/admin/__proto__',
      '/admin/constructor',
    ],
    ...[
      '/admin/assets/APP-1a2b3c4d.js',
      '/admin/assets/app-1a2b3c4d.js/',
      '/admin/assets%2fapp-5e6f.css',
    ],
  ])('lead nowhere else: %s', async path => {
    const { status, text } = await dashboard.ask(path)
    expect(status).toBe(404)
    expect(text).toContain('not_found')
  })

  it.each(['/admin.', '/adminx', '/ADMIN/', '//admin/', '/%61dmin/', '/x/../admin/', '/admin%2f'])(
    'are not at %s',
    async path => {
      const { status, text } = await dashboard.ask(path)
      expect(status).toBeGreaterThanOrEqual(400)
      expect(text).not.toContain('Balance')
    },
  )
})

describe('a dashboard that was not built', () => {
  it('says so', async () => {
    const dashboard = await TestDashboard.start('directly')
    const { status, text } = await dashboard.ask('/admin/')
    expect([status, text]).toEqual([503, expect.stringContaining('was not built')])
    await dashboard.close()
  })
})
