import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Browsing, browse, hasChromium } from '../support/browser.ts'
import { logIn, settled, visit } from '../support/dashboard-page.ts'
import { type FakeAdmin, startFakeAdmin } from '../support/fake-admin/server.ts'
import { PASSWORD } from '../support/password.ts'

let admin: FakeAdmin
let browsing: Browsing

describe.skipIf(!hasChromium)('the dashboard', () => {
  beforeEach(async () => {
    admin = await startFakeAdmin({ keys: 1_000 })
    browsing = await browse({ width: 1440, scheme: 'light' })
  })
  afterEach(async () => {
    await browsing.close()
    await admin.close()
  })

  it('refuses a wrong password, and says so', async () => {
    const { page } = browsing
    await page.goto(admin.url)
    await page.getByLabel('Password').fill('wrong')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('invalid_password')
    expect(await page.getByLabel('Password').inputValue()).toBe('')
  })

  it('leads to the login when the session ends, and back to where one was', async () => {
    const { page } = browsing
    await logIn(page, admin.url)
    await visit(page, '#/keys?state=invalid')
    admin.endSessions()
    await page.getByRole('button', { name: 'State' }).click()
    await page.getByLabel('Password').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await settled(page)
    expect(await page.getByLabel('State').inputValue()).toBe('invalid')
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByLabel('Password').waitFor()
    expect(await page.locator('main h1').textContent()).toBe('balance')
  })

  it('adds keys by paste, and says which the daemon refuses', async () => {
    const { page } = browsing
    await logIn(page, admin.url)
    await visit(page, '#/keys?provider=groq')
    await page.getByRole('button', { name: 'Add keys' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'One key a line' }).fill('sk-1 bad\nsk-2 good')
    await dialog.getByRole('button', { name: 'Add 2 keys' }).click()
    await dialog.getByText('the label is taken').waitFor()
    expect(admin.world.keys).toHaveLength(1_000)
    const many = Array.from({ length: 50 }, (_, at) => `sk-${'x'.repeat(20)}${at} fresh-${at}`)
    await dialog.getByRole('textbox', { name: 'One key a line' }).fill(many.join('\n'))
    await dialog.getByRole('button', { name: 'Add 50 keys' }).click()
    await page.getByText('50 keys added').waitFor()
    expect(admin.world.keys.filter(({ label }) => label.startsWith('fresh-'))).toHaveLength(50)
  })

  it('does to many keys what it is told, in parts', async () => {
    const { page } = browsing
    await logIn(page, admin.url)
    await visit(page, '#/keys?state=invalid')
    const invalid = admin.world.keys.filter(({ state }) => state === 'invalid').length
    await page.getByRole('button', { name: 'Choose all' }).click()
    await page.getByText(`${invalid} of ${invalid} chosen`).waitFor()
    await page.getByRole('button', { name: 'Reset' }).click()
    await page.getByText(`Done: ${invalid} keys.`).waitFor()
    expect(admin.world.keys.filter(({ state }) => state === 'invalid')).toEqual([])
    await page.getByText('There is no such key.').waitFor()
    await visit(page, '#/keys')
    await page.getByRole('button', { name: 'Choose all 1,000' }).click()
    await page.getByText('1,000 of 1,000 chosen').waitFor()
    await page.getByRole('button', { name: 'Enable' }).click()
    await page.getByText('Done: 1,000 keys.').waitFor()
    expect(admin.asked.filter(operation => operation === 'keys.enable')).toHaveLength(1)
    await page.getByRole('button', { name: 'Test' }).click()
    await page.getByRole('dialog').getByText('Done: 1,000 tested').waitFor()
    expect(admin.asked.filter(operation => operation === 'keys.test')).toHaveLength(5)
  })

  it('asks for the name before something is lost, and gives the focus back', async () => {
    const { page } = browsing
    await logIn(page, admin.url)
    await visit(page, '#/providers')
    const button = page.locator('tr', { hasText: 'groq' }).getByRole('button', { name: 'Remove' })
    await button.click()
    const dialog = page.getByRole('dialog')
    expect(await dialog.getByRole('button', { name: 'Remove' }).isDisabled()).toBe(true)
    for (let step = 0; step < 8; step++) {
      await page.keyboard.press('Tab')
      expect(
        await page.evaluate(
          `!!document.activeElement.closest('dialog') || document.activeElement === document.body`,
        ),
      ).toBe(true)
    }
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    expect(await page.evaluate(`document.activeElement.closest('tr').textContent`)).toContain(
      'groq',
    )
    await button.click()
    await dialog.getByRole('textbox').fill('groq')
    await dialog.getByRole('button', { name: 'Remove' }).click()
    await page.getByText('Removed groq.').waitFor()
    expect(admin.world.providers.map(({ name }) => name)).not.toContain('groq')
  })

  it('refuses a change that was made from what is not there any more', async () => {
    const { page } = browsing
    await logIn(page, admin.url)
    await visit(page, '#/settings')
    await page.getByRole('button', { name: 'Change max_retries' }).click()
    expect(admin.asked, 'the revision comes with what was read').not.toContain('status')
    admin.world.revision++
    await page.getByRole('dialog').getByLabel('Value').fill('7')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('The store has changed').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Change max_retries' }).click()
    await page.getByRole('dialog').getByLabel('Value').fill('nonsense')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('Its default is 3.').waitFor()
    await page.getByRole('dialog').getByLabel('Value').fill('8')
    await page.keyboard.press('Enter')
    await page.getByText('max_retries is set.').waitFor()
    await page.getByRole('cell', { name: '8', exact: true }).waitFor()
  })

  it('shows a token once, and changes of it only what was typed over', async () => {
    const { page } = browsing
    await logIn(page, admin.url)
    await visit(page, '#/tokens')
    await page.getByRole('button', { name: 'Create token' }).click()
    await page.getByRole('dialog').waitFor()
    await page.keyboard.type('mobile')
    await page.keyboard.press('Enter')
    const shown = page.getByRole('dialog').getByLabel('Token')
    await expect.poll(() => shown.inputValue()).toBe('bal-made-up-token-of-the-fake-daemon')
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
    await page.getByRole('rowheader', { name: 'mobile' }).waitFor()
    expect(await page.content()).not.toContain('bal-made-up-token')

    const { revision } = admin.world
    const sent = page.waitForRequest(/tokens\.change/)
    await page.getByRole('button', { name: 'Change batch-jobs' }).click()
    await page.getByRole('dialog').getByLabel('At once').fill('')
    await page.keyboard.press('Enter')
    expect(JSON.parse((await sent).postData() ?? '')).toEqual({
      token: 't_batch00001',
      concurrency: null,
      revision,
    })
  })

  it('follows requests, pauses, sleeps with its tab and wakes again', async () => {
    const { page, context } = browsing
    await logIn(page, admin.url)
    await visit(page, '#/requests')
    await page.locator('tbody tr').nth(3).waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    const first = await page.locator('tbody tr').first().textContent()
    const asked = admin.world.exchanges.length
    await expect.poll(() => admin.world.exchanges.length).toBeGreaterThan(asked + 3)
    expect(await page.locator('tbody tr').first().textContent()).toBe(first)
    await page.getByRole('button', { name: 'Go on' }).click()
    await expect.poll(() => page.locator('tbody tr').first().textContent()).not.toBe(first)

    const session = await context.newCDPSession(page)
    expect(admin.readers.size).toBe(1)
    await hide(true)
    await expect.poll(() => admin.readers.size).toBe(0)
    await hide(false)
    await expect.poll(() => admin.readers.size).toBe(1)
    for (const reader of admin.readers) reader.destroy()
    await expect.poll(() => admin.readers.size, { timeout: 5_000 }).toBe(1)
    await session.detach()

    async function hide(hidden: boolean) {
      await page.evaluate(
        `Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
         document.dispatchEvent(new Event('visibilitychange'))`,
      )
    }
  })

  it('opens a live request and shows every attempt', async () => {
    const { page } = browsing
    await logIn(page, admin.url)
    await visit(page, '#/requests')
    const limited = page.locator('tbody tr', { has: page.locator('.badge.wait') }).first()
    await limited.waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await limited.getByRole('button').click()
    const attempts = page.getByRole('dialog').locator('tbody tr')
    await expect.poll(() => attempts.count()).toBeGreaterThanOrEqual(2)
    expect(await attempts.first().textContent()).toContain('rate')
  })

  it('is used by keyboard alone', async () => {
    const { page } = browsing
    await logIn(page, admin.url)
    await page.keyboard.press('g')
    await page.keyboard.press('k')
    await settled(page)
    expect(await page.locator('main h1').textContent()).toBe('Keys')
    await page.keyboard.press('/')
    await page.keyboard.type('team-b-')
    await expect.poll(() => page.url()).toContain('q=team-b-')
    await page.locator('tbody th', { hasNotText: 'team-b-' }).first().waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'State' }).focus()
    await page.keyboard.press('Enter')
    await expect
      .poll(() => page.locator('th[aria-sort=ascending]').textContent())
      .toContain('State')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor()
  })

  it('speaks Chinese to those who read it, keeps the choice, and turns dark when told', async () => {
    const { page } = browsing
    await logIn(page, admin.url)
    await page.getByLabel('Language').selectOption('zh')
    await expect.poll(() => page.locator('main h1').textContent()).toBe('概览')
    await page.getByLabel('颜色').selectOption('dark')
    const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
    expect(await ground()).toBe('rgb(20, 23, 28)')
    await page.reload()
    await settled(page)
    expect(await page.locator('main h1').textContent()).toBe('概览')
    expect(await ground()).toBe('rgb(20, 23, 28)')
    expect(await page.evaluate('document.documentElement.lang')).toBe('zh-CN')
  })
})
