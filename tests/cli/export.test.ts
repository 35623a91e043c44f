import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Store } from '../../src/model/store.ts'
import { openStore } from '../../src/store/open.ts'
import { CommandLine } from '../support/command-line.ts'
import { storeOptions } from '../support/store.ts'
import { exchange } from './exchange.ts'

/** Three pages, the last one not full. */
const COUNT = 2_345

const cli = new CommandLine()
let store: Store

beforeAll(async () => {
  store = await openStore({ ...storeOptions(cli.folder), url: cli.storeUrl })
  const batch = Array.from({ length: COUNT }, (_, at) =>
    exchange(`req-${at + 1}`, { status: at % 5 === 0 ? 429 : 200 }),
  )
  await store.record(batch, 'host:1')
})
afterAll(async () => {
  await store.close()
  cli.remove()
})

async function lines(...words: string[]): Promise<string[]> {
  const { stdout, stderr, code } = await cli.inProcess(['logs', 'export', ...words])
  if (code !== 0) throw new Error(stderr)
  return stdout.split(/\r?\n/).slice(0, -1)
}

describe('logs export', () => {
  it('writes each request once, over all pages, the newest first', async () => {
    const ids = (await lines('--format', 'ndjson')).map(line => JSON.parse(line).request_id)
    expect(ids).toEqual(Array.from({ length: COUNT }, (_, at) => `req-${COUNT - at}`))
  })

  it('writes the rows of logs list --json as ndjson, which --json asks for too', async () => {
    const [first = ''] = await lines('--json')
    const listed = await cli.inProcess(['logs', 'list', '--limit', '1', '--json'])
    expect([JSON.parse(first)]).toEqual(JSON.parse(listed.stdout))
  })

  it('writes CSV under a header of the same names, in one order', async () => {
    const [head = '', first = '', ...others] = await lines()
    const [listed] = JSON.parse(
      (await cli.inProcess(['logs', 'list', '--limit', '1', '--json'])).stdout,
    )
    expect(head.split(',')).toEqual(Object.keys(listed))
    expect(first.split(',')).toEqual(Object.values(listed).map(value => String(value ?? '')))
    expect(others).toHaveLength(COUNT - 1)
  })

  it('filters as logs list does', async () => {
    expect(await lines('--json', '--status', '429')).toHaveLength(COUNT / 5)
  })

  it('leaves the header alone where nothing fits', async () => {
    const { stdout, stderr } = await cli.inProcess(['logs', 'export', '--provider', 'groq'])
    expect(stdout).toMatch(/^id,time,[\w,]+,node\r\n$/)
    expect(stderr).toBe('exported 0 requests\n')
  })

  it('writes a file that is for its owner alone', async () => {
    const file = join(cli.folder, 'log.csv')
    const ended = await cli.inProcess(['logs', 'export', '--out', file])
    expect(ended).toEqual({
      code: 0,
      stdout: '',
      stderr: `exported 2,345 requests to ${file}\n`,
    })
    expect(readFileSync(file, 'utf8').split('\r\n')).toHaveLength(COUNT + 2)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('leaves a file as it was where the filter is wrong', async () => {
    const file = join(cli.folder, 'kept.csv')
    writeFileSync(file, 'kept')
    const { code } = await cli.inProcess(['logs', 'export', '--out', file, '--status', '999'])
    expect(code).toBe(2)
    expect(readFileSync(file, 'utf8')).toBe('kept')
  })

  it('defuses what a client chose for a spreadsheet', async () => {
    await store.record([exchange('=cmd()', { model: '=1+1,"x"', path: '@home' })], 'host:1')
    const [, first] = await lines('--provider', 'openai')
    expect(first).toContain(`,'=cmd(),`)
    expect(first).toContain(`,"'=1+1,""x""",`)
    expect(first).toContain(`,'@home,`)
  })
})
