import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { key, provider, token } from '../support/catalog.ts'
import { eventually } from '../support/daemon.ts'
import { startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'
import { Nginx, nginxIsMissing } from './hostile/nginx.ts'
import { talk } from './hostile/raw.ts'
import { Sniffer } from './hostile/sniffer.ts'
import { DIFFERENCES } from './hostile/tables/behind-nginx.ts'
import { CONNECTIONS } from './hostile/tables/connections.ts'
import { FRAMING } from './hostile/tables/framing.ts'
import { HEADERS } from './hostile/tables/headers.ts'
import { REQUEST_LINES } from './hostile/tables/request-lines.ts'
import { TARGETS } from './hostile/tables/targets.ts'

const CASES = [...REQUEST_LINES, ...TARGETS, ...HEADERS, ...FRAMING, ...CONNECTIONS]
const BY_NAME = new Map(DIFFERENCES.flatMap(each => each.names.map(name => [name, each] as const)))

describe.skipIf(nginxIsMissing())('hostile requests, with nginx in front', () => {
  let upstream: Sniffer
  let gateway: TestGateway
  let nginx: Nginx

  beforeAll(async () => {
    upstream = await Sniffer.start()
    gateway = await startGateway({
      providers: [provider('mock', `http://127.0.0.1:${upstream.port}/v1`)],
      keys: [key('a')],
      tokens: [token('test', TOKEN), token('other', 'bal_other-token-0123456789abcdef')],
    })
    nginx = await Nginx.before(gateway.port)
  })
  afterAll(async () => {
    await nginx.stop()
    await gateway.close()
    await upstream.close()
  })

  it('each difference is one of a case', () => {
    const names = new Set(CASES.map(({ name }) => name))
    expect([...BY_NAME.keys()].filter(name => !names.has(name))).toEqual([])
  })

  it.each(CASES.map(each => [each.name, each] as const))('%s', async (name, each) => {
    const expected = BY_NAME.get(name) ?? each
    const { replies, closed, rest } = await talk(
      nginx.port,
      each.bytes,
      // HTTP/0.9 has no head: its answer is what is left over.
      expected.statuses.length,
      { head: each.head ?? false },
    )
    await gateway.gateway.inside.exchanges.emptied()
    const up = upstream.take().requests.map(({ method, url }) => `${method} ${url}`)
    expect({ statuses: replies.map(({ status }) => status), closed, up: up.sort() }).toEqual({
      statuses: expected.statuses,
      closed: expected.closed,
      up: [...expected.up].sort(),
    })
    // As many answers as nginx counted requests, and none went up that it did not count.
    const answers = replies.length + (rest === '' ? 0 : 1)
    const logged = nginx.take()
    await eventually(() => logged.push(...nginx.take()) >= answers, 'nginx logs what it answered')
    expect(logged).toHaveLength(answers)
    const asked = logged.filter(({ upstream: status }) => status.startsWith('2'))
    expect(up.length).toBe(asked.length)
  })
})
