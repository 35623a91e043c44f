import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ask, startGateway, type TestGateway } from '../support/gateway.ts'

let gateway: TestGateway

beforeEach(async () => {
  gateway = await startGateway({ revision: 7 })
})
afterEach(() => gateway.close())

async function look(path: string, headers: Record<string, string> = {}) {
  const { status, text } = await ask(gateway.port, { method: 'GET', path, headers, token: null })
  return { status, body: JSON.parse(text) }
}

const WELL = {
  store: { ok: true, error: null },
  records: { waiting: 0, dropped: 0 },
  pending: null,
}

describe('/readyz?verbose', () => {
  it('says how each part does', async () => {
    gateway.gateway.inform({ ...WELL, records: { waiting: 3, dropped: 1 } })
    expect(await look('/readyz?verbose')).toEqual({
      status: 200,
      body: {
        status: 'ok',
        checks: {
          config: { ok: true, revision: 7, pending: null },
          requests: { in_flight: 0, waiting: 0 },
          store: { ok: true, error: null },
          records: { waiting: 3, dropped: 1 },
        },
      },
    })
    expect((await look('/health?verbose=1')).body.checks.config.revision).toBe(7)
  })

  it('names what is wrong, and stays ready: requests need no store', async () => {
    const pending = { revision: 8, error: 'Provider mock: "ftp://x" is not an http(s) URL.' }
    const store = { ok: false, error: 'balance.db is locked by another process (SQLITE_BUSY).' }
    gateway.gateway.inform({ ...WELL, store, pending })
    const { status, body } = await look('/readyz?verbose')
    expect(status).toBe(200)
    expect(body.checks).toMatchObject({ store, config: { ok: false, revision: 7, pending } })
  })

  it('leaves out what the owner has not told yet', async () => {
    expect(Object.keys((await look('/readyz?verbose')).body.checks)).toEqual(['config', 'requests'])
  })

  it('tells only whether it is ready to callers that are not on this host', async () => {
    gateway.gateway.inform(WELL)
    for (const headers of [{ 'x-forwarded-for': '10.0.0.1' }, { host: 'gateway.example' }]) {
      expect(await look('/readyz?verbose', headers)).toEqual({
        status: 200,
        body: { status: 'ok' },
      })
    }
    expect((await look('/readyz')).body).toEqual({ status: 'ok' })
    expect((await look('/livez?verbose')).body).toEqual({ status: 'ok' })
  })
})
