import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import type { Look } from './browser.ts'

/** `BALANCE_SCREENSHOTS=docs/img` keeps pictures there; else none are taken. */
const folder = process.env.BALANCE_SCREENSHOTS

/** Keeps what a page shows as `NAME-wide-light.webp`, which is a third of its PNG. */
export async function keepScreenshot(page: Page, name: string, look: Look): Promise<void> {
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  await page.mouse.move(0, 0)
  await page.evaluate(
    'new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))',
  )
  const session = await page.context().newCDPSession(page)
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 90 })
  await session.detach()
  const width = look.width < 600 ? 'narrow' : 'wide'
  writeFileSync(join(folder, `${name}-${width}-${look.scheme}.webp`), Buffer.from(data, 'base64'))
}
