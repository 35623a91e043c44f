import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hasChromium } from '../support/browser.ts'
import { PASSWORD } from '../support/dashboard.ts'
import { logIn } from '../support/dashboard-page.ts'
import { type DashboardWorld, startDashboardWorld } from '../support/dashboard-world.ts'

const CHANGE = '{"name":"max_retries","value":"9"}'

let scene: DashboardWorld
let foreign: Server
let shown = ''

/**
 * Another port of the same host is another origin and yet the same site, so that the browser sends the
 * session's cookie even though it is SameSite=Strict: nothing but our own checks stands between.
 */
describe.skipIf(!hasChromium)('a page of another origin, open beside a session', () => {
  beforeEach(async () => {
    scene = await startDashboardWorld({}, async () => {})
    await scene.world.balance(['admin', 'password', '--stdin'], PASSWORD)
    await logIn(scene.browsing.page, scene.url)
    foreign = createServer((_, response) => {
      response.setHeader('content-type', 'text/html').end(shown)
    })
    await new Promise<void>(resolve => foreign.listen(0, '127.0.0.1', resolve))
  })
  afterEach(async () => {
    foreign.close()
    foreign.closeAllConnections()
    await scene.close()
  })

  const form = (url: string) =>
    `<form method="post" enctype="text/plain" action="${url}"><input name='${CHANGE.slice(0, -1)},"x":"' value='"}'></form><script>document.forms[0].submit()</script>`

  /** What the browser has of the answer: its status, or that it may not be shown there. */
  const KEPT = 'net::ERR_BLOCKED_BY_RESPONSE.NotSameOrigin'

  it.each<[string, number | string, (url: string) => string]>([
    ['a form', 403, form],
    [
      'a form of no origin',
      'net::ERR_BLOCKED_BY_RESPONSE',
      url => `<iframe sandbox="allow-scripts allow-forms" srcdoc="${escaped(form(url))}"></iframe>`,
    ],
    [
      'a fetch that needs no leave',
      KEPT,
      url =>
        `<script>fetch('${url}', { method: 'POST', mode: 'no-cors', credentials: 'include', body: '${CHANGE}' })</script>`,
    ],
    [
      'an image',
      KEPT,
      url => `<img src="${url.replace('settings.set', 'keys.list?limit=9&offset=0')}">`,
    ],
  ])('has nothing done by %s', async (_, expected, content) => {
    const { page, context } = scene.browsing
    shown = content(`${scene.daemon.url}/admin/api/settings.set`)
    const { port } = foreign.address() as AddressInfo
    // The dashboard's own page asks for others.
    const isOurs = (asked: { url(): string }) => /settings\.set|limit=9&/.test(asked.url())
    const [request] = await Promise.all([
      Promise.race([
        context.waitForEvent('response', isOurs).then(answer => answer.request()),
        context.waitForEvent('requestfailed', isOurs),
      ]),
      page.goto(`http://127.0.0.1:${port}/`),
    ])
    expect(request.failure()?.errorText ?? (await request.response())?.status()).toBe(expected)
    await expectUnchanged()
  })

  it('has nothing done by a fetch that asks for leave', async () => {
    const { page } = scene.browsing
    const { port } = foreign.address() as AddressInfo
    shown = '<title>elsewhere</title>'
    await page.goto(`http://127.0.0.1:${port}/`)
    const failed = await page.evaluate(`fetch('${scene.daemon.url}/admin/api/settings.set', {
      method: 'POST',
      credentials: 'include',
      headers: { 'content-type': 'application/json', 'x-balance-admin': '1' },
      body: '${CHANGE}',
    }).then(() => 'answered', error => error.name)`)
    expect(failed).toBe('TypeError')
    await expectUnchanged()
  })
})

async function expectUnchanged(): Promise<void> {
  const { value } = await scene.world.json<{ value: string }>(['config', 'get', 'max_retries'])
  expect(value).toBe('3')
}

function escaped(html: string): string {
  return html.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
}
