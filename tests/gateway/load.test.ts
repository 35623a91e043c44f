import { describe, expect, it } from 'vitest'
import { Load } from '../../src/gateway/load.ts'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { key, provider } from '../support/catalog.ts'
import { ask, chat, startGateway, type TestGateway } from '../support/gateway.ts'

const LATE = { delay: 1_500, busy: 0.95 }
const CALM = { delay: 20, busy: 0.9 }
const MOST = 4_096

describe('how many requests are taken on', () => {
  it('are fewer once events are late twice in a row, never fewer than 512, and more again soon', () => {
    const load = new Load()
    expect(load.judge(LATE, 3_000, MOST)).toBeNull()
    expect(load.limit).toBe(Number.POSITIVE_INFINITY)
    expect(load.judge(LATE, 3_000, MOST)).toBe('began')
    expect(load.limit).toBe(2_100)
    for (let n = 0; n < 20; n++) expect(load.judge(LATE, 3_000, MOST)).toBeNull()
    expect(load.limit).toBe(512)
    const turns = Array.from({ length: 10 }, () => load.judge(CALM, 100, MOST))
    // Half a second each.
    expect(turns.indexOf('ceased')).toBe(7)
    expect(load.limit).toBe(Number.POSITIVE_INFINITY)
  })

  it('are as many as before where it is late once, or by what others on the host do', () => {
    const load = new Load()
    for (let n = 0; n < 10; n++) {
      load.judge(LATE, 3_000, MOST)
      load.judge({ delay: 900, busy: 1 }, 3_000, MOST)
    }
    for (let n = 0; n < 10; n++) load.judge({ delay: 5_000, busy: 0.3 }, 3_000, MOST)
    expect(load.limit).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('a gateway that takes no more on', () => {
  let mock: Mock
  let gateway: TestGateway

  it('refuses before it reads a body, serves what it has, health and metrics, and recovers', async () => {
    mock = await startMock({ scripts: { '*': 'hang' } })
    gateway = await startGateway(
      { providers: [provider('mock', mock.url)], keys: [key('a')] },
      { expose: async () => ({ contentType: 'text/plain', text: 'x 1\n' }) },
    )
    const { inside } = gateway.gateway
    const standing = mock.nextRequest()
    const waiting = ask(gateway.port, { path: '/v1/chat/completions', body: chat() })
    await standing
    inside.load.limit = 1
    const refused = await ask(gateway.port, { path: '/v1/chat/completions', body: chat() })
    expect([refused.status, JSON.parse(refused.text).error.code]).toEqual([503, 'overloaded'])
    expect(refused.headers).toMatchObject({ 'retry-after': '1' })
    expect(mock.requests).toHaveLength(1)
    expect((await ask(gateway.port, { path: '/v1/x', method: 'HEAD' })).status).toBe(503)
    const health = await ask(gateway.port, { path: '/readyz?verbose', token: null })
    expect(JSON.parse(health.text).checks.requests).toEqual({ in_flight: 1, shed: 2 })
    expect((await ask(gateway.port, { path: '/metrics' })).status).toBe(200)
    expect(inside.exchanges.size).toBe(1)
    inside.load.limit = Number.POSITIVE_INFINITY
    mock.setScript('*', 'ok')
    expect((await ask(gateway.port, { path: '/v1/chat/completions', body: chat() })).status).toBe(
      200,
    )
    const closed = gateway.close()
    expect((await waiting).status).toBe(503)
    await closed
    await mock.close()
  })
})
