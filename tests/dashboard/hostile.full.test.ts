import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { printable } from '../../src/base/text.ts'
import type { KeyStatus } from '../../src/model/status.ts'
import { hasChromium } from '../support/browser.ts'
import { logIn, placesOf, seriousFindings, settled, visit } from '../support/dashboard-page.ts'
import { type DashboardWorld, startDashboardWorld } from '../support/dashboard-world.ts'
import { chat } from '../support/gateway.ts'
import { hostileUpstream, plantInStore, plantInTraffic } from '../support/hostile-world.ts'
import { PASSWORD } from '../support/password.ts'
import { PAYLOADS } from '../support/payloads.ts'

/** What a payload would have made of itself, had it been read as markup. */
const PLANTED = [
  'img',
  'image',
  'iframe',
  'object',
  'embed',
  'video',
  'audio',
  'base',
  'meta[http-equiv]',
  'style',
  'marquee',
  'details',
  'math',
  'template',
  'noscript',
  'x',
  'body script',
  'svg script',
  '[style*=javascript]',
  '[onerror], [onload], [onclick], [onfocus], [ontoggle], [onmouseover], [onpointerenter]',
  '[formaction], form[action]',
  'a[href]:not([href^="#/"])',
].join(',')

const ASKED = ['requestId', 'provider', 'key', 'token', 'model', 'path']

describe.skipIf(!hasChromium)('payloads in every field that an outsider sets', () => {
  let scene: DashboardWorld
  /** One whose state is told in an outsider's words. */
  let key: KeyStatus | undefined
  beforeAll(async () => {
    scene = await startDashboardWorld({ respond: hostileUpstream() }, plantInStore)
    await scene.world.balance(['admin', 'password', '--stdin'], PASSWORD)
    await plantInTraffic(scene.daemon, scene.token)
    const keys = await scene.world.json<KeyStatus[]>(['keys', 'list'])
    key = keys.find(({ state, reason }) => state === 'cooling' && reason.includes('<'))
    await logIn(scene.browsing.page, scene.url)
  })
  afterAll(() => scene?.close())
  beforeEach(() => {
    scene.browsing.complaints.splice(0)
    scene.browsing.violations.splice(0)
  })

  async function expectHarmless() {
    const { page, complaints, violations } = scene.browsing
    expect(await page.evaluate('window.executed')).toBeUndefined()
    expect(await page.locator(PLANTED).count()).toBe(0)
    expect(page.url().startsWith(`${scene.url}#/`)).toBe(true)
    expect(complaints).toEqual([])
    expect(violations).toEqual([])
  }

  it('are 60, and would be found if they were markup', async () => {
    const { page, violations } = scene.browsing
    expect(new Set(PAYLOADS).size).toBe(60)
    expect(await page.locator(PLANTED).count()).toBe(0)
    await page.evaluate(
      `document.querySelector('main h1').insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.executed=1">')`,
    )
    expect(await page.locator(PLANTED).count()).toBe(1)
    await expect.poll(() => violations.length).toBeGreaterThan(0)
    await page.reload()
    await settled(page)
  })

  it.each(Object.keys(placesOf('', '')))('stay text in %s', async place => {
    const { page } = scene.browsing
    await visit(page, placesOf('mock', key?.id ?? '')[place] ?? '')
    if (place === 'requests-live') {
      await page.getByRole('status').getByText('live').waitFor()
      await scene.daemon.ask(scene.token, { body: chat({ model: PAYLOADS[5] }) })
      await page
        .locator('tbody')
        .getByText(PAYLOADS[5] ?? '')
        .waitFor()
    }
    const text = (await page.locator('main').textContent()) ?? ''
    expect(PAYLOADS.some(payload => text.includes(payload))).toBe(true)
    await expectHarmless()
    expect(await seriousFindings(page)).toEqual([])
    const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
    expect(wide, 'nothing is wider than the screen').toBeLessThanOrEqual(0)
  })

  it('are all shown, as they are', async () => {
    const { page } = scene.browsing
    await visit(page, '#/errors')
    const shown = (await page.locator('tbody td').allTextContents()).join('\n')
    expect(PAYLOADS.filter(payload => !shown.includes(printable(payload)))).toEqual([])
  })

  it('stay text in dialogs, detail pages and answers', async () => {
    const { page } = scene.browsing
    await visit(page, '#/requests?mode=past&status=error')
    await page
      .locator('tbody tr', { hasText: 'chat/completions' })
      .first()
      .locator('button')
      .click()
    await page.getByRole('dialog').locator('tbody tr').first().waitFor()
    await expectHarmless()
    await page.keyboard.press('Escape')

    await visit(page, `#/keys/${key?.id}`)
    await page.getByText(key?.reason ?? '').waitFor()
    await page.getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('dialog').waitFor()
    await expectHarmless()
    await page.keyboard.press('Escape')

    await visit(page, '#/providers/mock')
    await page.getByRole('button', { name: 'Ask the provider' }).click()
    await page.locator('.models li').first().waitFor()
    await page.getByRole('button', { name: 'Test', exact: true }).click()
    await page.getByRole('dialog').getByText('Done: 60 tested').waitFor()
    await expectHarmless()
    await page.keyboard.press('Escape')

    await visit(page, '#/routes')
    await page.getByLabel('Model').fill(PAYLOADS[0] ?? '')
    await page.getByRole('button', { name: 'Explain' }).click()
    await page.getByText('Route:').waitFor()
    await expectHarmless()
  })

  it('stay text in an address that somebody sends', async () => {
    const { page, complaints } = scene.browsing
    for (let at = 0; at < PAYLOADS.length; at += ASKED.length) {
      const sent = ASKED.map((name, more): [string, string] => [name, PAYLOADS[at + more] ?? ''])
      await visit(page, `#/requests?mode=past&${new URLSearchParams(sent)}`)
      complaints.splice(0)
      await expectHarmless()
    }
    for (const where of ['keys', 'providers', 'routes']) {
      await visit(page, `#/${where}/${encodeURIComponent(PAYLOADS[5] ?? '')}`)
      complaints.splice(0)
      await expectHarmless()
    }
  })
})
