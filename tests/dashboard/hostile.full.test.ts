import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Browsing, browse, hasChromium } from '../support/browser.ts'
import { logIn, PLACES, settled, visit } from '../support/dashboard-page.ts'
import { PAYLOADS } from '../support/fake-admin/payloads.ts'
import { type FakeAdmin, startFakeAdmin } from '../support/fake-admin/server.ts'

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

describe.skipIf(!hasChromium)('payloads in every field that an outsider sets', () => {
  let admin: FakeAdmin
  let browsing: Browsing
  beforeAll(async () => {
    admin = await startFakeAdmin({ keys: 600, temper: 'hostile' })
    browsing = await browse({ width: 1440, scheme: 'light' })
    await logIn(browsing.page, admin.url)
  })
  afterAll(async () => {
    await browsing.close()
    await admin.close()
  })
  beforeEach(() => void browsing.complaints.splice(0))

  async function expectHarmless() {
    const { page, complaints } = browsing
    expect(await page.evaluate('window.executed')).toBeUndefined()
    expect(await page.locator(PLANTED).count()).toBe(0)
    expect(page.url()).toMatch(/^http:\/\/localhost:\d+\/admin\/#/)
    expect(complaints).toEqual([])
    expect(admin.reports).toEqual([])
  }

  it('are 60, and would be found if they were markup', async () => {
    const { page } = browsing
    expect(new Set(PAYLOADS).size).toBe(60)
    expect(await page.locator(PLANTED).count()).toBe(0)
    await page.evaluate(
      `document.querySelector('main h1').insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.executed=1">')`,
    )
    expect(await page.locator(PLANTED).count()).toBe(1)
    await expect.poll(() => admin.reports.length).toBeGreaterThan(0)
    await page.reload()
    await settled(page)
    admin.reports.splice(0)
  })

  it.each(Object.entries(PLACES))('stay text in %s', async (_, hash) => {
    const { page } = browsing
    await visit(page, hash)
    await expectHarmless()
    const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
    expect(wide, 'nothing is wider than the screen').toBeLessThanOrEqual(0)
  })

  it('are all shown, as they are', async () => {
    const { page } = browsing
    const shown = new Set<string>()
    for (const offset of [0, 100, 200, 300, 400, 500]) {
      await visit(page, `#/keys?offset=${offset}`)
      for (const text of await page.locator('tbody .name button').allTextContents()) shown.add(text)
    }
    expect(PAYLOADS.filter(payload => !shown.has(payload))).toEqual([])
  })

  it('stay text in dialogs, detail pages and answers', async () => {
    const { page } = browsing
    await visit(page, '#/requests?mode=past')
    await page.locator('tbody tr', { hasText: '502' }).first().locator('button').click()
    await page.getByRole('dialog').locator('tbody tr').first().waitFor()
    await expectHarmless()
    await page.keyboard.press('Escape')

    await visit(page, '#/keys/k_0000000013')
    await page.getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('dialog').waitFor()
    await expectHarmless()
    await page.keyboard.press('Escape')

    await visit(page, '#/providers/openai')
    await page.getByRole('button', { name: 'Ask the provider' }).click()
    await page.locator('.models li').first().waitFor()
    await page.getByRole('button', { name: 'Test' }).click()
    await page.getByRole('dialog').getByText('Done: 20 tested').waitFor()
    await expectHarmless()
    await page.keyboard.press('Escape')

    await visit(page, '#/routes')
    await page.getByLabel('Model').fill('<img src=x onerror=window.executed=1>')
    await page.getByRole('button', { name: 'Explain' }).click()
    await page.getByText('Route:').waitFor()
    await expectHarmless()

    await visit(page, `#/keys/${encodeURIComponent(PAYLOADS[5] ?? '')}`)
    await page.getByRole('alert').waitFor()
    browsing.complaints.splice(0)
    await expectHarmless()
  })
})
