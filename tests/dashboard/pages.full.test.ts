import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Browsing, browse, hasChromium, LOOKS } from '../support/browser.ts'
import { logIn, PLACES, seriousFindings, visit } from '../support/dashboard-page.ts'
import { type FakeAdmin, startFakeAdmin } from '../support/fake-admin/server.ts'

/** `BALANCE_SCREENSHOTS=docs/img` keeps them there; else they are looked at by nobody. */
const wanted = process.env.BALANCE_SCREENSHOTS
const folder = wanted ?? mkdtempSync(join(tmpdir(), 'bal-screens-'))
if (wanted) mkdirSync(folder, { recursive: true })

let admin: FakeAdmin

describe.skipIf(!hasChromium)('every page', () => {
  beforeAll(async () => {
    admin = await startFakeAdmin({ keys: 10_000, temper: 'plain' })
  })
  afterAll(() => admin.close())

  describe.each(LOOKS)('$width wide, $scheme', look => {
    const name = (page: string) =>
      join(folder, `dashboard-${page}-${look.width < 600 ? 'narrow' : 'wide'}-${look.scheme}.png`)
    let browsing: Browsing
    beforeAll(async () => {
      browsing = await browse(look)
    })
    afterAll(() => browsing.close())
    beforeEach(() => void browsing.complaints.splice(0))

    it('shows the login', async () => {
      const { page } = browsing
      await page.goto(admin.url)
      await page.getByLabel('Password').waitFor()
      expect(await seriousFindings(page)).toEqual([])
      await page.screenshot({ path: name('login') })
      await logIn(page, admin.url)
      expect(admin.reports).toEqual([])
    })

    it.each(Object.entries(PLACES))('shows %s', async (place, hash) => {
      const { page, complaints } = browsing
      await visit(page, hash)
      if (place === 'requests-live') await page.locator('tbody tr').nth(5).waitFor()
      await page.screenshot({ path: name(place), fullPage: place.startsWith('overview') })
      expect(complaints).toEqual([])
      expect(admin.reports).toEqual([])
      const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
      expect(wide, 'nothing is wider than the screen').toBeLessThanOrEqual(0)
      expect(await seriousFindings(page)).toEqual([])
    })

    it.each([
      ['keys-add', '#/keys', 'Add keys'],
      ['provider-add', '#/providers', 'Add provider'],
      ['token-create', '#/tokens', 'Create token'],
      ['route-add', '#/routes', 'Add route'],
    ])('opens %s', async (place, hash, button) => {
      const { page, complaints } = browsing
      await visit(page, hash)
      await page.getByRole('button', { name: button }).click()
      await page.getByRole('dialog').waitFor()
      if (place === 'keys-add') {
        await page.getByRole('textbox', { name: 'One key a line' }).fill(PASTE)
      }
      await page.screenshot({ path: name(place) })
      expect(complaints).toEqual([])
      expect(await seriousFindings(page)).toEqual([])
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    })

    it('opens a request', async () => {
      const { page, complaints } = browsing
      await visit(page, '#/requests?mode=past')
      await page.locator('tbody tr', { hasText: '502' }).first().getByRole('button').click()
      await page.getByRole('dialog').locator('tbody tr').first().waitFor()
      await page.screenshot({ path: name('request') })
      expect(complaints).toEqual([])
      expect(await seriousFindings(page)).toEqual([])
      await page.keyboard.press('Escape')
    })
  })
})

const PASTE = [
  'sk-abcdefghijklmnop1234 team-a',
  'sk-abcdefghijklmnop1235',
  'sk-abcdefghijklmnop1234 again',
  'env:OPENAI_KEY',
].join('\n')
