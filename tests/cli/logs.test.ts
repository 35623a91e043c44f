import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Operator } from '../../src/control/api.ts'
import { ControlSocket } from '../../src/control/socket.ts'
import { TailHub } from '../../src/control/tail.ts'
import type { Store } from '../../src/model/store.ts'
import { openStore } from '../../src/store/open.ts'
import { CommandLine } from '../support/command-line.ts'
import { storeOptions } from '../support/store.ts'
import { exchange, NOON } from './exchange.ts'

const FAILED = exchange('req-2', {
  status: 502,
  outcome: 'auth',
  errorCode: 'upstream_credentials_exhausted',
  attempts: 2,
  failures: [
    {
      time: NOON,
      attempt: 1,
      provider: 'openai',
      keyId: 'k_0000000001',
      model: 'gpt-4o',
      status: 401,
      fault: 'auth',
      code: 'invalid_api_key',
      excerpt: '{"error":{"message":"Incorrect\u001b[31m API key"}}',
      ms: 40,
    },
  ],
})

const cli = new CommandLine()
let store: Store

beforeAll(async () => {
  store = await openStore({ ...storeOptions(cli.folder), url: cli.storeUrl })
  await store.record([exchange('req-1', { time: NOON - 3_600_000 }), FAILED], 'host:1')
})
afterAll(async () => {
  await store.close()
  cli.remove()
})

async function rows(...words: string[]): Promise<Record<string, unknown>[]> {
  const { stdout, stderr, code } = await cli.inProcess(['logs', ...words, '--json'])
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

describe('logs', () => {
  it('lists exchanges, the newest first, under the names scripts rely on', async () => {
    const [newest, oldest] = await rows('list')
    expect(newest).toMatchObject({
      request_id: 'req-2',
      error_code: 'upstream_credentials_exhausted',
    })
    expect(oldest).toEqual({
      id: 1,
      time: '2026-01-31T11:00:00.000Z',
      request_id: 'req-1',
      token: 'laptop',
      provider: 'openai',
      key: 'k_0000000001',
      key_label: null,
      model: 'gpt-4o',
      model_served: 'gpt-4o-2024',
      method: 'POST',
      path: '/v1/chat/completions',
      status: 200,
      outcome: 'ok',
      attempts: 1,
      ms: 812,
      ttft_ms: 95,
      first_byte_ms: 80,
      prompt_tokens: 12,
      cached_tokens: 4,
      completion_tokens: 48,
      reasoning_tokens: null,
      bytes_in: 120,
      bytes_out: 4_800,
      stream: true,
      error_code: null,
      node: 'host:1',
    })
  })

  it.each([
    [['--status', '5xx'], ['req-2']],
    [['--status', 'error'], ['req-2']],
    [['--status', '200'], ['req-1']],
    [['--since', '2026-01-31T11:30Z'], ['req-2']],
    [['--until', '2026-01-31T11:30Z'], ['req-1']],
    [
      ['--key', 'k_0000000001', '--path', '/v1/chat'],
      ['req-2', 'req-1'],
    ],
    [['--provider', 'groq'], []],
    [['--token', 'laptop', '--model', 'gpt-4o', '--limit', '1'], ['req-2']],
    [['--before', '2'], ['req-1']],
  ])('filters by %j', async (words, ids) => {
    expect((await rows('list', ...words)).map(row => row.request_id)).toEqual(ids)
  })

  it('shows one by number or request id with its attempts, control characters escaped', async () => {
    const shown = await cli.inProcess(['logs', 'show', 'req-2', '--json'])
    expect(JSON.parse(shown.stdout)).toMatchObject({
      id: 2,
      failures: [
        { attempt: 1, status: 401, fault: 'auth', code: 'invalid_api_key', request_id: 'req-2' },
      ],
      tries: [
        { attempt: 1, status: 401, outcome: 'auth', code: 'invalid_api_key', ms: 40 },
        { attempt: 2, status: null, outcome: null },
      ],
    })
    const { stdout } = await cli.inProcess(['logs', 'show', '2'])
    expect(stdout).toContain('Incorrect\\u001b[31m API key')
    expect(stdout).toMatch(/^ +1 +openai +k_0000000001 +401 +auth +invalid_api_key +40$/m)
    expect(stdout).not.toContain('\u001b')
  })

  it('shows the attempt that worked, alone where it was the first', async () => {
    const { stdout } = await cli.inProcess(['logs', 'show', 'req-1'])
    expect(stdout).toMatch(/^TRY .*OUTCOME.*\n +1 +openai +k_0000000001 +200 +ok +- +-\n$/m)
  })

  it('lists failed attempts', async () => {
    expect(await rows('errors')).toMatchObject([
      {
        request_id: 'req-2',
        key: 'k_0000000001',
        status: 401,
        excerpt: expect.stringContaining('API'),
      },
    ])
  })

  it('says where the next page begins', async () => {
    const { stderr } = await cli.inProcess(['logs', 'list', '--limit', '1'])
    expect(stderr).toBe('There may be more: --before 2\n')
  })
})

describe('logs tail', () => {
  let socket: ControlSocket | null = null
  afterEach(() => socket?.close())

  it('prints what a daemon tells as it ends, and reads the store once that has ended', async () => {
    const hub = new TailHub()
    socket = await ControlSocket.open(
      cli.storeUrl,
      { own: [cli.folder], searched: [cli.folder] },
      {} as Operator,
      hub,
    )
    const tail = cli.start(['logs', 'tail', '--json', '--status', 'error'])
    const line = tail.line()
    // Nobody tells when the reader has arrived: it is told until it has heard.
    const telling = setInterval(() => hub.publish([exchange('live-1'), FAILED]), 20)
    expect(JSON.parse(await line)).toMatchObject({
      id: null,
      request_id: 'req-2',
      status: 502,
    })
    clearInterval(telling)
    hub.close()
    socket.close()
    await tail.said('The daemon has ended; reading the store.')
    tail.process.kill('SIGINT')
    expect((await tail.ended).code).toBe(0)
  })

  it('prints each request, or says how many were left out as it stood still', async () => {
    const hub = new TailHub()
    socket = await ControlSocket.open(
      cli.storeUrl,
      { own: [cli.folder], searched: [cli.folder] },
      {} as Operator,
      hub,
    )
    const tail = cli.start(['logs', 'tail'])
    const first = tail.line()
    let told = 0
    const tell = (count: number) => {
      hub.publish(Array.from({ length: count }, () => exchange(`r-${told++}`)))
      return new Promise(resolve => setTimeout(resolve, 2))
    }
    while (!hub.followed) await new Promise(resolve => setTimeout(resolve, 10))
    await tell(1)
    await first
    tail.process.kill('SIGSTOP')
    while (told < 30_000) await tell(200)
    tail.process.kill('SIGCONT')
    let heard = 1
    const over = (async () => {
      for (;;) await tail.line().then(() => heard++)
    })().catch(() => {})
    await tail.said('left out')
    hub.close()
    await tail.said('The daemon has ended')
    tail.process.kill('SIGINT')
    await over
    const warnings = (await tail.ended).stderr.matchAll(/warning: (\d+) requests? left out/g)
    const left = [...warnings].reduce((sum, [, count]) => sum + Number(count), 0)
    expect(left).toBeGreaterThan(1_000)
    expect(heard + left).toBe(told)
  })

  it('reads the store where no daemon runs', async () => {
    const tail = cli.start(['logs', 'tail'])
    await tail.said('No daemon is running; reading the store.')
    const line = tail.line()
    const writing = setInterval(
      () => void store.record([exchange('late', { attempts: 3 })], 'host:1'),
      100,
    )
    expect(await line).toMatch(
      /^\d\d:\d\d:\d\d {2}200 {2}POST \/v1\/chat\/completions {2}gpt-4o {2}openai\/k_0000000001 {2}812 ms, first token 95 ms, 3 attempts, 12→48 tokens$/,
    )
    clearInterval(writing)
    tail.process.kill('SIGINT')
    expect((await tail.ended).code).toBe(0)
  })

  it('ends at once on Ctrl-C while a daemon tells', async () => {
    const hub = new TailHub()
    socket = await ControlSocket.open(
      cli.storeUrl,
      { own: [cli.folder], searched: [cli.folder] },
      {} as Operator,
      hub,
    )
    const tail = cli.start(['logs', 'tail'])
    const line = tail.line()
    const telling = setInterval(() => hub.publish([exchange('live-1')]), 20)
    await line
    clearInterval(telling)
    tail.process.kill('SIGINT')
    expect(await tail.ended).toMatchObject({ code: 0, stderr: '' })
  })
})
