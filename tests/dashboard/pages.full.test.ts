import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Browsing, browse, hasChromium, LOOKS, type Look, turn } from '../support/browser.ts'
import { logIn, placesOf, seriousFindings, visit } from '../support/dashboard-page.ts'
import { type FakeAdmin, startFakeAdmin } from '../support/fake-admin/server.ts'
import { keepScreenshot } from '../support/screenshot.ts'

const PLACES = placesOf('openai', 'k_0000000007')
/** The same pages in another state: one look is enough, and no picture is kept. */
const AGAIN: readonly string[] = ['overview-7d', 'keys-invalid', 'requests-log']

let admin: FakeAdmin
let browsing: Browsing

describe.skipIf(!hasChromium)('every page', () => {
  beforeAll(async () => {
    admin = await startFakeAdmin({ keys: 10_000 })
    browsing = await browse(LOOKS[0])
    await logIn(browsing.page, admin.url)
  })
  afterAll(async () => {
    await browsing.close()
    await admin.close()
  })
  beforeEach(() => void browsing.complaints.splice(0))

  /** In every look; both widths and both schemes are read to those who do not see them. */
  async function expectFine(name: string | null, looks: readonly Look[] = LOOKS) {
    const { page, complaints, violations } = browsing
    for (const [at, look] of looks.entries()) {
      await turn(page, look)
      const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
      expect(wide, 'nothing is wider than the screen').toBeLessThanOrEqual(0)
      if (at === 0 || at === 3) expect(await seriousFindings(page)).toEqual([])
      if (name !== null) await keepScreenshot(page, name, look)
    }
    await turn(page, LOOKS[0])
    expect(complaints).toEqual([])
    expect(violations).toEqual([])
  }

  it('shows the login', async () => {
    const { page, context } = browsing
    await context.clearCookies()
    await page.reload()
    await page.getByLabel('Password').waitFor()
    await expectFine('login')
    await logIn(page, admin.url)
  })

  it.each(Object.entries(PLACES))('shows %s', async (place, hash) => {
    const { page } = browsing
    await visit(page, hash)
    if (place === 'requests-live') await page.locator('tbody tr').nth(5).waitFor()
    if (AGAIN.includes(place)) await expectFine(null, [LOOKS[0]])
    else await expectFine(place)
  })

  it.each([
    ['#/keys', 'Add keys'],
    ['#/providers', 'Add provider'],
    ['#/tokens', 'Create token'],
    ['#/routes', 'Add route'],
  ])('opens what is done in %s: %s', async (hash, button) => {
    const { page } = browsing
    await visit(page, hash)
    await page.getByRole('button', { name: button }).click()
    await page.getByRole('dialog').waitFor()
    if (hash === '#/keys') {
      await page.getByRole('textbox', { name: 'One key a line' }).fill(PASTE)
    }
    await expectFine(null)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  it('opens a request', async () => {
    const { page } = browsing
    await visit(page, '#/requests?mode=past')
    await page.locator('tbody tr', { hasText: '502' }).first().getByRole('button').click()
    await page.getByRole('dialog').locator('tbody tr').first().waitFor()
    await expectFine('request')
    await page.keyboard.press('Escape')
  })
})

const PASTE = [
  'sk-abcdefghijklmnop1234 team-a',
  'sk-abcdefghijklmnop1235',
  'sk-abcdefghijklmnop1234 again',
  'env:OPENAI_KEY',
].join('\n')
