import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'

const PROGRAM = '/usr/bin/chromium'

/** Whether Debian's package `chromium` is here; required where BALANCE_REQUIRE_CHROMIUM is set. */
export const hasChromium = existsSync(PROGRAM)

if (!hasChromium) {
  const what = 'chromium is not installed'
  if (process.env.BALANCE_REQUIRE_CHROMIUM) throw new Error(`${what}, but required.`)
  console.log(`SKIPPED: the dashboard in a browser, because ${what}.`)
}

/** None of them asks the internet for anything. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface Look {
  readonly width: number
  readonly scheme: 'light' | 'dark'
  readonly locale?: string
}

export const LOOKS: readonly Look[] = [
  { width: 1440, scheme: 'light' },
  { width: 1440, scheme: 'dark' },
  { width: 390, scheme: 'light' },
  { width: 390, scheme: 'dark' },
]

/** A browser with an empty profile, and what its page complained about. */
export interface Browsing {
  readonly context: BrowserContext
  readonly page: Page
  /** Errors in the console, exceptions, and dialogs that a script opened. */
  readonly complaints: string[]
  readonly close: () => Promise<void>
}

export async function browse({ width, scheme, locale = 'en-US' }: Look): Promise<Browsing> {
  const profile = mkdtempSync(join(tmpdir(), 'bal-chromium-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: PROGRAM,
    headless: true,
    args: FLAGS,
    viewport: { width, height: width < 600 ? 844 : 900 },
    colorScheme: scheme,
    reducedMotion: 'reduce',
    locale,
  })
  const page = context.pages()[0] ?? (await context.newPage())
  const complaints: string[] = []
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('dialog', dialog => {
    complaints.push(`a dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  return {
    context,
    page,
    complaints,
    close: async () => {
      await context.close()
      rmSync(profile, { recursive: true, force: true })
    },
  }
}
