import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { PASSWORD } from './password.ts'

/** Every place of the dashboard. */
export function placesOf(provider: string, key: string): Readonly<Record<string, string>> {
  return {
    overview: '#/overview',
    'overview-7d': '#/overview?range=7d',
    providers: '#/providers',
    provider: `#/providers/${provider}`,
    keys: '#/keys',
    'keys-invalid': '#/keys?state=invalid&sort=failures&order=desc',
    key: `#/keys/${key}`,
    tokens: '#/tokens',
    routes: '#/routes',
    'requests-live': '#/requests',
    'requests-log': '#/requests?mode=past',
    errors: '#/errors',
    settings: '#/settings',
  }
}

export async function logIn(page: Page, url: string): Promise<void> {
  await page.goto(url)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.locator('.frame').waitFor()
}

/** Goes to a place and waits until what it shows is there. */
export async function visit(page: Page, hash: string): Promise<void> {
  await page.evaluate(`new Promise(done => {
    if (location.hash === ${JSON.stringify(hash)}) return done()
    const drawn = () => requestAnimationFrame(() => requestAnimationFrame(done))
    addEventListener('hashchange', drawn, { once: true })
    location.hash = ${JSON.stringify(hash)}
  })`)
  await settled(page)
}

export async function settled(page: Page): Promise<void> {
  await page.locator('main h1').waitFor()
  await page.locator('.loading, .loaded[aria-busy=true]').first().waitFor({ state: 'detached' })
}

/** Serious and critical findings of axe-core, one a line. */
export async function seriousFindings(page: Page): Promise<string[]> {
  if (await page.evaluate(`!('axe' in window)`)) await page.evaluate(axe.source)
  const { violations } = (await page.evaluate(
    `axe.run(document, { resultTypes: ['violations'], preload: false })`,
  )) as { violations: axe.Result[] }
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) =>
      `${id}: ${nodes.map(node => `${node.html.slice(0, 160)} ${node.any[0]?.message ?? ''}`).join(' | ')}`.slice(
        0,
        900,
      ),
    )
}
