import { readdirSync, readFileSync } from 'node:fs'
import type { BrowserContext, Page } from 'playwright-core'
import { PATIENCE } from './count.ts'
import { eventually } from './daemon.ts'
import { RunQueue } from './run-queue.ts'

/** How a page was loaded. Times are from the beginning of the navigation, ms. */
export interface Load {
  /** Of a new page and with an empty cache, or again. */
  readonly way: 'cold' | 'warm'
  /** First contentful paint. */
  readonly paint: number
  /** When there was what was waited for. */
  readonly shown: number
  /** From the question for what is shown to the end of its answer, and its bytes. */
  readonly answer: number
  readonly bytes: number
  /** What the daemon and those that draw waited for a processor until then, together. */
  readonly waited: { readonly paint: number; readonly shown: number }
}

export interface Loaded {
  readonly url: string
  /** The operation whose answer is shown. */
  readonly operation: string
  /** An expression that holds in the page once it is shown. */
  readonly drawn: string
  /** The daemon. */
  readonly pid: number
}

/** Loads it in a new page, cold and then warm, as Chromium itself measures it. */
export async function loadTwice(context: BrowserContext, loaded: Loaded): Promise<Load[]> {
  const page = await context.newPage()
  await page.addInitScript(noteWhen(loaded.drawn))
  // Then the process that is to draw it is there, and nothing of what it draws.
  await page.goto(new URL('/admin/nothing', loaded.url).href)
  const browser = await context.newCDPSession(page)
  await browser.send('Network.clearBrowserCache')
  const queue = new RunQueue([loaded.pid, ...renderers()])
  try {
    await page.goto(loaded.url)
    const cold = await measured(page, 'cold', loaded, queue)
    await page.reload()
    return [cold, await measured(page, 'warm', loaded, queue)]
  } finally {
    queue.stop()
    await page.close()
  }
}

/** Has the page note when it made a frame with this. */
function noteWhen(drawn: string): string {
  return `
    new MutationObserver((_, observer) => {
      if (!(${drawn})) return
      observer.disconnect()
      requestAnimationFrame(() => { window.shown = performance.now() })
    }).observe(document, { childList: true, subtree: true })`
}

async function measured(
  page: Page,
  way: Load['way'],
  { operation }: Loaded,
  queue: RunQueue,
): Promise<Load> {
  const find = () => page.evaluate(foundBy(operation)) as Promise<Found | null>
  const { origin, ...found } = await eventually(find, 'what is shown', PATIENCE)
  const began = origin - performance.timeOrigin
  const until = (ms: number) => queue.waited(began, began + ms)
  return { way, ...found, waited: { paint: until(found.paint), shown: until(found.shown) } }
}

type Found = Omit<Load, 'way' | 'waited'> & { readonly origin: number }

/** Null until all of it is known. */
function foundBy(operation: string): string {
  return `(() => {
    const [paint] = performance.getEntriesByName('first-contentful-paint')
    const answer = performance.getEntriesByType('resource').find(({ name }) =>
      new URL(name).pathname === '/admin/api/${operation}')
    return paint && answer && window.shown ? {
      origin: performance.timeOrigin,
      paint: paint.startTime,
      shown: window.shown,
      answer: answer.duration,
      bytes: answer.decodedBodySize,
    } : null
  })()`
}

/** Chromium's processes for pages, of the browsers that were begun below this process. */
function renderers(): number[] {
  const rows = readdirSync('/proc').flatMap(name => {
    try {
      if (!/^\d+$/.test(name)) return []
      const [stat, command] = ['stat', 'cmdline'].map(file =>
        readFileSync(`/proc/${name}/${file}`, 'latin1'),
      ) as [string, string]
      return [{ pid: Number(name), parent: parentOf(stat), command }]
    } catch {
      // It ended while the others were read.
      return []
    }
  })
  const own = new Set([process.pid])
  for (let size = 0; size !== own.size; ) {
    size = own.size
    for (const { pid, parent } of rows) if (own.has(parent)) own.add(pid)
  }
  const drawing = rows.filter(({ command }) => command.includes('--type=renderer'))
  return drawing.map(({ pid }) => pid).filter(pid => own.has(pid))
}

/** Of a /proc/PID/stat (proc_pid_stat(5)), whose name may hold spaces and parentheses. */
function parentOf(row: string): number {
  return Number(row.slice(row.lastIndexOf(')') + 2).split(' ')[1])
}

/** All that was measured in one way, the least first. */
export function figuresOf(loads: readonly Load[]): string {
  const all = (what: (load: Load) => number) =>
    loads
      .map(what)
      .sort((a, b) => a - b)
      .map(Math.round)
      .join(', ')
  const bytes = Math.max(...loads.map(load => load.bytes))
  return [
    `first paint ${all(({ paint }) => paint)} ms`,
    `shown ${all(({ shown }) => shown)} ms`,
    `its answer ${all(({ answer }) => answer)} ms, ${bytes} bytes`,
    `waited for a processor until it was shown ${all(({ waited }) => waited.shown)} ms`,
  ].join('; ')
}
