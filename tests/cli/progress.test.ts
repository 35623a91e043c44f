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
  return [
    ...screen.matchAll(
      /(?:exporting|removing|writing|checking|restoring|keeping) [█░]+ +\d+% +[\d,]+ \w+/g,
    ),
  ].map(([bar]) => bar)
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

  it('backup and restore draw bars, and take them away', async () => {
    const file = join(cli.folder, 'a.backup')
    const written = await terminal(cli.folder, `backup ${file}`)
    expect(written.code).toBe(0)
    expect(barsOf(written.screen).at(-1)).toMatch(/^writing █+░+ {2}\d\d% {2}2,\d\d\d rows$/)
    expect(written.screen.lastIndexOf(ERASED)).toBeGreaterThan(written.screen.lastIndexOf('░'))
    const { code, screen } = await terminal(cli.folder, `restore ${file} --yes`)
    expect(code).toBe(0)
    const verbs = barsOf(screen).map(bar => bar.split(' ')[0])
    expect([...new Set(verbs)]).toEqual(['checking', 'keeping', 'restoring'])
    expect(screen).toContain('restored 0 providers')
    expect(screen.lastIndexOf(ERASED)).toBeGreaterThan(screen.lastIndexOf('░'))
  })

  it('backup draws none of a few rows, with --json, nor where its words go elsewhere', async () => {
    const file = join(cli.folder, 'b.backup')
    const few = await terminal(cli.folder, `backup ${file} --no-logs`)
    expect(few.screen).toContain('no logs')
    const json = await terminal(cli.folder, `backup ${file} --yes --json`)
    expect(json.screen).toContain('"exchanges": 2500')
    const quiet = await terminal(cli.folder, `backup ${file} --yes`, { rest: '2> words' })
    for (const { code, screen } of [few, json, quiet]) {
      expect(code).toBe(0)
      expect(screen).not.toContain('░')
      expect(screen).not.toContain('█')
    }
  })

  it('logs prune draws a bar, and takes it away', async () => {
    const { code, screen } = await terminal(cli.folder, 'logs prune --older-than 0 --yes')
    expect(code).toBe(0)
    expect(barsOf(screen).at(0)).toMatch(/^removing ░+ {3}0% {2}0 rows$/)
    expect(screen).toContain('removed 2,500 requests and 0 failed attempts')
    expect(screen.lastIndexOf(ERASED)).toBeGreaterThan(screen.lastIndexOf('░'))
  })
})
