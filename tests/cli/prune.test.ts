import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import type { ExchangeRecord } from '../../src/model/record.ts'
import type { Store } from '../../src/model/store.ts'
import { openStore } from '../../src/store/open.ts'
import { CommandLine } from '../support/command-line.ts'
import { storeOptions } from '../support/store.ts'
import { exchange } from './exchange.ts'

const DAY = 86_400_000

let cli: CommandLine
let store: Store

beforeEach(async () => {
  cli = new CommandLine()
  store = await openStore({ ...storeOptions(cli.folder), url: cli.storeUrl })
  await store.record([...old('ancient', 40, 2_500), ...old('failed', 10), ...old('new', 0)], 'h:1')
})
afterEach(async () => {
  await store.close()
  cli.remove()
})

/** Requests of so many days ago, each with a failed attempt. */
function old(name: string, days: number, count = 1): ExchangeRecord[] {
  const time = systemClock.wall() - days * DAY - 1_000
  const failure = {
    time,
    attempt: 1,
    provider: 'openai',
    keyId: 'k_0000000001',
    model: null,
    status: 500,
    fault: 'transient',
    code: 'upstream_error',
    excerpt: '',
    ms: 1,
  }
  return Array.from({ length: count }, () => exchange(name, { time, failures: [failure] }))
}

async function kept(): Promise<{ requests: string[]; failures: string[] }> {
  const names = (rows: readonly { requestId: string }[]) => rows.map(row => row.requestId)
  return {
    requests: names(await store.records({ limit: 10 })),
    failures: names(await store.failures({ limit: 10 })),
  }
}

describe('logs prune', () => {
  it('removes what the settings no longer keep, however many slices that takes', async () => {
    const { code, stdout } = await cli.inProcess(['logs', 'prune', '--yes', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      requests: 2_500,
      failed_attempts: 2_501,
      bytes: expect.any(Number),
    })
    expect(await kept()).toEqual({ requests: ['new', 'failed'], failures: ['new'] })
  })

  it('removes what is older than asked, and says what it was', async () => {
    const { code, stdout, stderr } = await cli.inProcess(
      'logs prune --older-than 5d --yes'.split(' '),
    )
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toMatch(
      /^removed 2,501 requests and 2,501 failed attempts; the log takes [\d.]+ [KM]iB\n$/,
    )
    expect(await kept()).toEqual({ requests: ['new'], failures: ['new'] })
  })

  it('keeps everything where nobody can be asked and --yes is not given', async () => {
    const { code, stderr } = await cli.inProcess(['logs', 'prune', '--older-than', '0'])
    expect(code).toBe(2)
    expect(stderr).toContain('--yes')
    expect(await store.records({ limit: 10_000 })).toHaveLength(2_502)
  })
})
