import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { key, provider, token } from '../support/catalog.ts'
import { startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'
import type { Case } from './hostile/cases.ts'
import { talk } from './hostile/raw.ts'
import { Sniffer } from './hostile/sniffer.ts'
import { CONNECTIONS } from './hostile/tables/connections.ts'
import { FRAMING } from './hostile/tables/framing.ts'
import { HEADERS } from './hostile/tables/headers.ts'
import { REQUEST_LINES } from './hostile/tables/request-lines.ts'
import { TARGETS } from './hostile/tables/targets.ts'

const TABLES = { REQUEST_LINES, TARGETS, HEADERS, FRAMING, CONNECTIONS }
const KEY = 'sk-a-0123456789abcdef'

let upstream: Sniffer
let gateway: TestGateway

beforeAll(async () => {
  upstream = await Sniffer.start()
  gateway = await startGateway({
    providers: [provider('mock', `http://127.0.0.1:${upstream.port}/v1`)],
    keys: [key('a', { value: KEY })],
    tokens: [token('test', TOKEN), token('other', 'bal_other-token-0123456789abcdef')],
  })
})

afterAll(async () => {
  await gateway.close()
  await upstream.close()
})

it('there are more than 300 of them', () => {
  expect(Object.values(TABLES).flat().length).toBeGreaterThan(300)
})

describe.each(Object.entries(TABLES))('%s', (_name, table) => {
  it.each(table.map(each => [each.name, each] as const))('%s', async (_title, each) => {
    const { replies, closed, rest } = await talk(gateway.port, each.bytes, each.statuses.length, {
      head: each.head ?? false,
    })
    await gateway.gateway.inside.exchanges.emptied()
    const { requests, bytes } = upstream.take()
    const up = requests.map(({ method, url }) => `${method} ${url}`)
    const sorted = (list: readonly string[]) => [...list].sort()
    expect({
      statuses: replies.map(({ status }) => status),
      closed,
      rest,
      up: sorted(up),
    }).toEqual({ statuses: each.statuses, closed: each.closed, rest: '', up: sorted(each.up) })
    expectClean(bytes, each)
  })
})

/** What went up is what we mean by it, in a form that nobody can read otherwise. */
function expectClean(bytes: string, each: Case): void {
  const heads = bytes.split(/(?<=\r\n\r\n)/).filter(part => / HTTP\/1\.1\r\n/.test(part))
  expect(heads).toHaveLength(each.up.length)
  for (const head of heads) {
    const names = head
      .split('\r\n')
      .slice(1, -2)
      .map(line => (line.split(':', 1)[0] ?? '').toLowerCase())
    expect(names).not.toContain('transfer-encoding')
    for (const name of ['host', 'authorization', 'content-length', 'connection'])
      expect(names.filter(one => one === name).length, name).toBeLessThanOrEqual(1)
    for (const name of [
      'te',
      'trailer',
      'upgrade',
      'expect',
      'keep-alive',
      'proxy-authorization',
      'proxy-connection',
      'x-api-key',
      'cookie',
      'http2-settings',
    ])
      expect(names).not.toContain(name)
    expect(head).toContain(`host: 127.0.0.1:${upstream.port}\r\n`)
    expect(head).toContain(`authorization: Bearer ${KEY}\r\n`)
    expect(head).not.toContain(TOKEN)
  }
  expect(bytes).not.toContain('canary')
  expect(bytes).not.toContain('hidden')
}
