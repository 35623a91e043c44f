import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  ApiError,
  change,
  onSessionEnd,
  read,
  readRevised,
  rows,
  search,
} from '../../../src/control/dashboard/data/api.ts'
import { LONGEST_WAIT, nextWait } from '../../../src/control/dashboard/data/backoff.ts'

afterEach(() => vi.unstubAllGlobals())

/** Answers every request with this, and keeps what was asked. */
function answering(answer: () => Response) {
  const fetch = vi.fn(async (_: string, __?: RequestInit) => answer())
  vi.stubGlobal('fetch', fetch)
  return fetch
}

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })

describe('an operation', () => {
  it('is read by GET with what was given', async () => {
    const fetch = answering(() => json({ total: 0 }))
    await read('keys.list', { limit: 100, offset: 0, q: '' })
    expect(fetch.mock.calls[0]?.[0]).toBe('/admin/api/keys.list?limit=100&offset=0')
  })

  it('is read with the revision that was in force before', async () => {
    const headers = { 'content-type': 'application/json', 'x-balance-revision': '41' }
    answering(() => new Response('[]', { headers }))
    expect(await readRevised('tokens.list', {})).toEqual({ data: [], revision: 41 })
  })

  it('that the page reads by itself says so, for it shows nobody at work', async () => {
    const fetch = answering(() => json({}))
    await read('status', {}, { unasked: true })
    await read('status', {})
    const headers = fetch.mock.calls.map(([, init]) => init?.headers)
    expect(headers).toEqual([{ 'x-balance-unasked': '1' }, undefined])
  })

  it('that is saved and not in force is an error that says so', async () => {
    answering(() => json({ revision: 8, error: 'timeout: too long' }))
    await expect(change('settings.unset', { name: 'x' })).rejects.toMatchObject({
      code: 'not_in_force',
      message: 'timeout: too long',
    })
  })

  it('is changed by POST, with the revision that was seen and the header that forms cannot send', async () => {
    const fetch = answering(() => json({ revision: 8, error: null }))
    expect(await change('settings.unset', { name: 'timeout' }, 7)).toEqual({
      revision: 8,
      error: null,
    })
    const [url, init] = fetch.mock.calls[0] ?? []
    expect(url).toBe('/admin/api/settings.unset')
    expect(init?.method).toBe('POST')
    expect(init?.headers).toEqual({ 'content-type': 'application/json', 'x-balance-admin': '1' })
    expect(JSON.parse(String(init?.body))).toEqual({ name: 'timeout', revision: 7 })
  })

  it('that is refused says what, why and the way out', async () => {
    answering(() =>
      json({ error: { code: 'stale_plan', message: 'Changed.', hint: 'Look.' } }, 409),
    )
    const refused = await change('reload', {}).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(ApiError)
    expect(refused).toMatchObject({
      code: 'stale_plan',
      message: 'Changed.',
      hint: 'Look.',
      status: 409,
    })
  })

  it('without a session tells so', async () => {
    const ended = vi.fn()
    onSessionEnd(ended)
    answering(() => json({ error: { code: 'no_session', message: 'None.' } }, 401))
    await expect(read('status', {})).rejects.toMatchObject({ code: 'no_session' })
    expect(ended).toHaveBeenCalledOnce()
  })

  it.each([
    [() => new Response('<html>', { status: 502 }), 'failed', 502],
    [
      () => {
        throw new TypeError('network')
      },
      'daemon_unreachable',
      0,
    ],
  ])('that is not answered by the daemon is an error too', async (answer, code, status) => {
    answering(answer)
    await expect(read('status', {})).rejects.toMatchObject({ code, status })
  })
})

describe('rows', () => {
  const row = (key: string) => JSON.stringify({ key, label: 'ü' })

  async function read(chunks: readonly Uint8Array[]) {
    const body = new ReadableStream({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk)
        controller.close()
      },
    })
    answering(() => new Response(body, { headers: { 'content-type': 'application/x-ndjson' } }))
    const keys: string[] = []
    for await (const one of rows('keys.test', { keys: [] }, new AbortController().signal)) {
      keys.push(`${one.key} ${one.label}`)
    }
    return keys
  }

  it('come as they are, however the bytes are cut', async () => {
    const bytes = new TextEncoder().encode(`${row('a')}\n${row('b')}\n\n${row('c')}`)
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(await read([bytes.slice(0, cut), bytes.slice(cut)])).toEqual(['a ü', 'b ü', 'c ü'])
    }
  })

  it('end with the error that the daemon met', async () => {
    const bytes = new TextEncoder().encode(
      `${row('a')}\n{"error":{"code":"failed","message":"x"}}\n`,
    )
    await expect(read([bytes])).rejects.toMatchObject({ code: 'failed' })
  })
})

it.each([
  [{}, ''],
  [{ a: 1, b: undefined, c: '', d: 'x&y' }, '?a=1&d=x%26y'],
])('%j is asked as %j', (query, text) => {
  expect(search(query)).toBe(text)
})

it('waits longer each time, up to half a minute', () => {
  expect([1_000, 2_000, 16_000, LONGEST_WAIT].map(nextWait)).toEqual([2_000, 4_000, 30_000, 30_000])
})
