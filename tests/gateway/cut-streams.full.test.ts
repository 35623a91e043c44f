import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CUTS, type Cut, CuttingUpstream, nameOf } from '../support/cutting-upstream.ts'
import { type Answer, ask, startGateway, type TestGateway } from '../support/gateway.ts'
import { RECORDINGS } from '../support/recordings.ts'

/** What each family's clients raise on: as a whole, and as the event of a stream. */
const ERRORS: Readonly<Record<string, { readonly event: RegExp; readonly body: object }>> = {
  chat: {
    event: /^\n\ndata: (\{"error":\{.*"code":"upstream_stream_interrupted"\}\})\n\n$/,
    body: { error: { type: 'server_error' } },
  },
  responses: {
    event:
      /^\n\nevent: error\ndata: (\{.*"type":"error",.*"code":"upstream_stream_interrupted".*\})\n\n$/,
    body: { error: { type: 'server_error' } },
  },
  messages: {
    event: /^\n\nevent: error\ndata: (\{"type":"error","error":\{"type":"api_error",.*\})\n\n$/,
    body: { type: 'error', error: { type: 'api_error' } },
  },
  Gemini: {
    event: /^\n\ndata: (\{"error":\{"code":502,.*"status":"UNAVAILABLE"\}\})\n\n$/,
    body: { error: { code: 502, status: 'UNAVAILABLE' } },
  },
}

const AT_ONCE = 24

describe.each(RECORDINGS)('a stream of $name, cut after every byte', recording => {
  let upstream: CuttingUpstream
  let gateway: TestGateway

  beforeAll(async () => {
    upstream = await CuttingUpstream.start(recording)
    gateway = await startGateway({})
  })

  afterAll(async () => {
    await gateway.close()
    await upstream.close()
  })

  /** One provider for each cut: what one taught must not decide about the next. */
  function arrange(how: Cut, from: number, to: number, keys: 1 | 2): void {
    const cuts = Array.from({ length: to - from }, (_, n) => upstream.cutting(how, from + n, keys))
    gateway.apply({
      providers: cuts.map(each => each.provider),
      keys: cuts.flatMap(each => each.keys),
    })
  }

  /** Asks for a stream of each length, several at once. */
  async function forEach(
    how: Cut,
    [from, to, keys = 2]: readonly [from: number, to: number, keys?: 1 | 2],
    check: (answer: Answer, length: number) => Promise<void> | void,
  ): Promise<void> {
    arrange(how, from, to, keys)
    let next = from
    const work = async () => {
      while (next < to) {
        const length = next++
        const name = nameOf(how, length)
        const { path, body } = recording
        const headers = { 'x-request-id': `${name}-${keys}` }
        await check(await ask(gateway.port, { path: `/${name}${path}`, body, headers }), length)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
  }

  async function recordOf(id: string) {
    await gateway.gateway.flush()
    return gateway.records.find(({ requestId }) => requestId === id)
  }

  it.each(CUTS)('%s: before anything was said the other key answers', async how => {
    await forEach(
      how,
      [0, recording.meaningful],
      ({ status, headers, body, cut: broken }, length) => {
        expect([status, headers['x-balance-attempts'], broken], `${length}`).toEqual([
          200,
          '2',
          false,
        ])
        expect(body.equals(recording.bytes), `${length}`).toBe(true)
      },
    )
  })

  it.each(CUTS)('%s: with no other key there is a plain error', async how => {
    const before = upstream.came
    await forEach(how, [0, recording.meaningful, 1], ({ status, text }, length) => {
      expect(status, `${length}`).toBe(502)
      expect(JSON.parse(text)).toMatchObject(ERRORS[recording.name]?.body ?? {})
    })
    expect(upstream.came - before).toBe(recording.meaningful)
  })

  it.each(CUTS)('%s: later the prefix is exact, with one error event', async how => {
    const before = upstream.came
    await forEach(
      how,
      [recording.meaningful, recording.lastWord],
      async ({ status, body, cut: broken }, length) => {
        expect([status, broken], `${length}`).toEqual([200, true])
        expect(body.subarray(0, length).equals(recording.bytes.subarray(0, length))).toBe(true)
        const event = ERRORS[recording.name]?.event.exec(body.toString('utf8', length))
        expect(JSON.parse(event?.[1] ?? 'null'), body.toString('utf8', length)).not.toBeNull()
        expect(await recordOf(`${nameOf(how, length)}-2`)).toMatchObject({
          status: 200,
          outcome: 'provider',
          errorCode: 'upstream_stream_interrupted',
          attempts: 1,
          bytesOut: length,
          failures: [
            {
              keyId: `${nameOf(how, length)}-first`,
              status: 200,
              fault: 'provider',
              code: 'truncated',
            },
          ],
        })
      },
    )
    expect(upstream.came - before).toBe(recording.lastWord - recording.meaningful)
  })

  it.each(CUTS)('%s: after its own last word it is complete', async how => {
    await forEach(
      how,
      [recording.lastWord, recording.bytes.length + 1],
      async ({ body, cut: broken }, length) => {
        expect(broken, `${length}`).toBe(false)
        expect(body.equals(recording.bytes.subarray(0, length)), `${length}`).toBe(true)
        expect(await recordOf(`${nameOf(how, length)}-2`)).toMatchObject({
          outcome: 'ok',
          errorCode: null,
          attempts: 1,
          promptTokens: recording.tokens[0],
          completionTokens: recording.tokens[1],
          failures: [],
        })
      },
    )
  })
})
