import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { CommandLine } from '../support/command-line.ts'
import { storeOptions } from '../support/store.ts'
import { exchange } from './exchange.ts'
import { hasTerminal, terminal } from './terminal.ts'

const cli = new CommandLine()

beforeAll(async () => {
  const store = await openStore({ ...storeOptions(cli.folder), url: cli.storeUrl })
  const batch = Array.from({ length: 2_500 }, (_, at) => exchange(`r-${at}`))
  await store.record(batch, 'host:1')
  await store.close()
})
afterAll(() => cli.remove())

/** What was drawn of the bar, from its first line to the last. */
function barsOf(screen: string): string[] {
  return [...screen.matchAll(/(?:exporting|removing) [█░]+ +\d+% +[\d,]+ \w+/g)].map(([bar]) => bar)
}

/** Erases the line that the bar stood on. */
const ERASED = '\u001b[1G\u001b[2K'

describe.skipIf(!hasTerminal)('on a terminal', () => {
  it('logs export draws a bar, and takes it away', async () => {
    const file = join(cli.folder, 'log.csv')
    const { code, screen } = await terminal(cli.folder, `logs export --out ${file}`)
    expect(code).toBe(0)
    const bars = barsOf(screen)
    expect(bars.at(0)).toMatch(/^exporting ░+ {3}0% {2}0 requests$/)
    expect(bars.at(-1)).toMatch(/^exporting █+░+ {2}80% {2}2,000 requests$/)
    expect(screen).toMatch(/exported 2,500 requests to .*\r\n$/)
    expect(screen.lastIndexOf(ERASED)).toBeGreaterThan(screen.lastIndexOf('░'))
    expect(statSync(file).size).toBeGreaterThan(2_500 * 100)
  })

  it('logs export draws one while its rows go into a pipe, and none between its own rows', async () => {
    const piped = await terminal(cli.folder, 'logs export', { rest: '| wc -l' })
    expect(barsOf(piped.screen)).not.toEqual([])
    expect(piped.screen).toMatch(/^2501\r$/m)
    const shown = await terminal(cli.folder, 'logs export --json')
    expect(shown.screen).toContain('"request_id":"r-0"')
    expect(barsOf(shown.screen)).toEqual([])
  })

  it('logs export draws none for one page of rows, nor where its words go elsewhere', async () => {
    const none = await terminal(cli.folder, 'logs export --status 5xx', { rest: '| cat' })
    expect(none.screen).toContain('exported 0 requests')
    expect(none.screen).not.toContain('░')
    const quiet = await terminal(cli.folder, 'logs export', { rest: '2> words | wc -l' })
    expect(quiet.screen).toBe('2501\r\n')
  })

  it('logs prune draws a bar, and takes it away', async () => {
    const { code, screen } = await terminal(cli.folder, 'logs prune --older-than 0 --yes')
    expect(code).toBe(0)
    expect(barsOf(screen).at(0)).toMatch(/^removing ░+ {3}0% {2}0 rows$/)
    expect(screen).toContain('removed 2,500 requests and 0 failed attempts')
    expect(screen.lastIndexOf(ERASED)).toBeGreaterThan(screen.lastIndexOf('░'))
  })
})
