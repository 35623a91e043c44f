import type { Locator, Page } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hasChromium } from '../support/browser.ts'
import { codeOf, PASSWORD } from '../support/dashboard.ts'
import { logIn, settled, visit } from '../support/dashboard-page.ts'
import { type DashboardWorld, startDashboardWorld } from '../support/dashboard-world.ts'
import { ask, chat } from '../support/gateway.ts'
import { SteadyLoad } from '../support/steady-load.ts'

const KEYS = Array.from({ length: 50 }, (_, at) => ({
  value: `sk-pasted-${String(at).padStart(2, '0')}-0123456789abcdef`,
  label: `team-${String(at).padStart(2, '0')}`,
}))
const REFUSED = KEYS[17] as (typeof KEYS)[number]
/** The page asks every five seconds; a key is refused three times before it is invalid. */
const LIVE = { timeout: 20_000 }

let scene: DashboardWorld

describe.skipIf(!hasChromium)('an owner in front of a running gateway', () => {
  beforeEach(async () => {
    scene = await startDashboardWorld({}, async store => {
      await store.setSetting('forward_headers', ['x-mock-script'])
    })
  })
  afterEach(() => scene.close())

  it('adds keys, sees one fail and brings it back, follows a request, changes a setting, leaves', async () => {
    const { page, context, complaints, violations } = scene.browsing
    await setPassword()
    await logIn(page, scene.url)
    await pasteKeys(page)
    const load = new SteadyLoad(() => scene.daemon.port, scene.token, 80)
    await seeOneRefused(page)
    await bringItBack(page)
    expect((await load.stop()).statuses).toEqual({ 200: load.sent })
    await followRequest(page)
    await changeSetting(page)

    const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join()
    expect((await replay(cookie)).status).toBe(200)
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByLabel('Password').waitFor()
    const refused = await replay(cookie)
    expect([refused.status, codeOf(refused)]).toEqual([401, 'no_session'])
    expect([complaints, violations]).toEqual([[], []])
  })

  it('opens it by a link of the command, once', async () => {
    const { page, complaints, violations } = scene.browsing
    await page.goto(scene.url)
    await page.getByText('balance admin password').waitFor()
    const { stdout } = await scene.world.balance(['dashboard', '--print'])
    await page.goto(stdout.trim())
    await settled(page)
    expect(await page.locator('main h1').textContent()).toBe('Overview')
    expect(page.url()).not.toContain('t=')
    expect([complaints, violations]).toEqual([[], []])
    expect((await page.goto(stdout.trim()))?.status()).toBe(403)
  })
})

async function setPassword(): Promise<void> {
  const { code } = await scene.world.balance(['admin', 'password', '--stdin'], PASSWORD)
  expect(code).toBe(0)
}

async function pasteKeys(page: Page): Promise<void> {
  await visit(page, '#/keys')
  await page.getByRole('button', { name: 'Add keys' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Provider').selectOption('mock')
  const lines = KEYS.map(({ value, label }) => `${value} ${label}`).join('\n')
  await dialog.getByRole('textbox', { name: 'One key a line' }).fill(lines)
  await dialog.getByRole('button', { name: 'Add 50 keys' }).click()
  await page.getByText('50 keys added').waitFor()
  await expect.poll(() => page.locator('tbody tr').count()).toBe(50)
  expect(await page.content()).not.toContain(REFUSED.value)
}

function rowOf(page: Page, label: string): Locator {
  return page.locator('tbody tr', { has: page.getByRole('rowheader', { name: label }) })
}

/** Nobody touches the page. */
async function seeOneRefused(page: Page): Promise<void> {
  const row = rowOf(page, REFUSED.label)
  expect(await row.textContent()).toContain('active')
  scene.mock.setScript(REFUSED.value, '401')
  await expect.poll(() => row.textContent(), LIVE).toContain('invalid')
  expect(await row.textContent()).toContain('invalid_api_key')
}

async function bringItBack(page: Page): Promise<void> {
  scene.mock.setScript(REFUSED.value, 'ok')
  const row = rowOf(page, REFUSED.label)
  await row.getByRole('checkbox').check()
  await page.getByRole('button', { name: 'Reset' }).click()
  await page.getByText('Done: 1 key').waitFor()
  await expect.poll(() => row.textContent(), LIVE).toContain('active')
  const before = scene.mock.requests.length
  const served = () => scene.mock.requests.slice(before).some(({ key }) => key === REFUSED.value)
  await expect.poll(served, LIVE).toBe(true)
}

async function followRequest(page: Page): Promise<void> {
  const keys = await scene.world.json<{ id: string; label: string }[]>(['keys', 'list'])
  const ids = new Map(
    KEYS.map(({ value, label }) => [value, keys.find(key => key.label === label)?.id]),
  )
  await visit(page, '#/requests')
  await page.getByLabel('Model').fill('followed')
  await expect.poll(() => page.url()).toContain('model=followed')
  await page.getByRole('status').getByText('Live').waitFor()
  const headers = { 'x-mock-script': '401,ok' }
  const body = chat({ model: 'followed' })
  expect((await scene.daemon.ask(scene.token, { headers, body })).status).toBe(200)
  const [first, second] = scene.mock.requests.slice(-2).map(({ key }) => ids.get(key))
  await page.locator('tbody tr').getByRole('button').click()
  const attempts = page.getByRole('dialog').locator('tbody tr')
  await expect.poll(() => attempts.count()).toBe(2)
  const cells = await Promise.all(
    [0, 1].map(at => attempts.nth(at).locator('th, td').allTextContents()),
  )
  expect(cells.map(row => row.slice(0, 6))).toEqual([
    ['1', 'mock', first, '401', 'auth', 'invalid_api_key'],
    ['2', 'mock', second, '200', 'ok', '–'],
  ])
  expect(cells[0]?.at(-1)).toContain('Incorrect API key provided')
  await page.keyboard.press('Escape')
}

async function changeSetting(page: Page): Promise<void> {
  const body = chat({ messages: [{ role: 'user', content: 'x'.repeat(2_048) }] })
  const statusNow = async () => (await scene.daemon.ask(scene.token, { body })).status
  expect(await statusNow()).toBe(200)
  await visit(page, '#/settings')
  await page.getByRole('button', { name: 'Change max_body' }).click()
  await page.getByRole('dialog').getByLabel('Value').fill('1KiB')
  await page.keyboard.press('Enter')
  await page.getByText('max_body is set.').waitFor()
  expect(await statusNow()).toBe(413)
  const row = page.locator('tbody tr', { hasText: 'setting.set.command' }).first()
  await expect.poll(() => row.textContent()).toMatch(/admin session \w+setting.*max_body–1024/)
}

const replay = (cookie: string) =>
  ask(scene.daemon.port, { path: '/admin/api/status', token: null, headers: { cookie } })
