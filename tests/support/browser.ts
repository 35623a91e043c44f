import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll } from 'vitest'

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

export const LOOKS = [
  { width: 1440, scheme: 'light' },
  { width: 1440, scheme: 'dark' },
  { width: 390, scheme: 'light' },
  { width: 390, scheme: 'dark' },
] as const satisfies readonly Look[]

/** A window of its own, with nothing in it yet, and what its page complained about. */
export interface Browsing {
  readonly context: BrowserContext
  readonly page: Page
  /** Errors in the console, exceptions, and dialogs that a script opened. */
  readonly complaints: string[]
  /** What the policy of the page's content forbade. */
  readonly violations: string[]
  readonly close: () => Promise<void>
}

const TELL = `addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
  tellViolation(violatedDirective + ' ' + blockedURI))`

/** One for all of a file's tests: its start takes longer than most of them. */
let browser: Promise<Browser> | null = null
afterAll(async () => (await browser)?.close())

export async function browse({ width, scheme, locale = 'en-US' }: Look): Promise<Browsing> {
  browser ??= chromium.launch({ executablePath: PROGRAM, headless: true, args: FLAGS })
  const context = await (await browser).newContext({
    viewport: viewportOf(width),
    colorScheme: scheme,
    reducedMotion: 'reduce',
    locale,
  })
  const complaints: string[] = []
  const violations: string[] = []
  await context.exposeBinding('tellViolation', (_, what: string) => void violations.push(what))
  await context.addInitScript(TELL)
  const page = await context.newPage()
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
    violations,
    close: () => context.close(),
  }
}

/** Has a page look otherwise; what it shows stays. */
export async function turn(page: Page, { width, scheme }: Look): Promise<void> {
  await page.emulateMedia({ colorScheme: scheme })
  await page.setViewportSize(viewportOf(width))
}

function viewportOf(width: number) {
  return { width, height: width < 600 ? 844 : 900 }
}
