import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { type Daemon, eventually, World } from '../support/daemon.ts'
import { CHAT } from '../support/open-stream.ts'
import { Samples } from '../support/samples.ts'

let mock: Mock
let world: World
let token: string

beforeEach(async () => {
  mock = await startMock({ tokens: 4 })
  world = new World()
  token = await world.furnish(mock.url, 'sk-a-0123456789abcdef', 'sk-b-0123456789abcdef')
})
afterEach(async () => {
  await world.remove()
  await mock.close()
})

async function scrape(daemon: Daemon): Promise<Samples> {
  const { status, text } = await daemon.ask(token, { path: '/metrics', method: 'GET', body: '' })
  expect(status).toBe(200)
  return new Samples(text)
}

/** The first answer of which it holds; answers may be a moment old. */
function scraped(daemon: Daemon, holds: (found: Samples) => boolean): Promise<Samples> {
  return eventually(async () => {
    const found = await scrape(daemon)
    return holds(found) ? found : null
  }, 'such metrics')
}

const answered = (model = 'mock-large', provider = 'mock') =>
  `balance_requests_total{provider="${provider}",model="${model}",endpoint="chat.completions",code="200",outcome="ok"}`

describe('/metrics of a daemon', () => {
  it('counts what was served', async () => {
    const daemon = await world.serve()
    for (let i = 0; i < 4; i++) expect((await daemon.ask(token)).status).toBe(200)
    const found = await scraped(daemon, samples => samples.get(answered()) === 4)
    expect(found.get('balance_attempts_total{provider="mock",fault="none"}')).toBe(4)
    expect(
      found.get('balance_tokens_total{provider="mock",model="mock-large",type="completion"}'),
    ).toBe(16)
    expect(found.get('balance_key_state{provider="mock",state="active"}')).toBe(2)
    expect(found.get('balance_in_flight_requests')).toBe(0)
    expect(found.get('balance_store_up')).toBe(1)
    expect(found.get('process_start_time_seconds')).toBeGreaterThan(1e9)
  })

  it('shows requests, keys and breakers as they are now', async () => {
    const daemon = await world.serve()
    mock.setScript('*', 'hang-after:1')
    const stream = await daemon.stream(token)
    await scraped(daemon, samples => samples.get('balance_in_flight_requests') === 1)
    stream.leave()
    await scraped(daemon, samples => samples.get('balance_in_flight_requests') === 0)
    await world.json(['keys', 'disable', 'key-1'])
    const disabled = 'balance_key_state{provider="mock",state="disabled"}'
    await scraped(daemon, samples => samples.get(disabled) === 1)
    mock.setScript('*', '500')
    await eventually(async () => {
      await daemon.ask(token)
      return (await scrape(daemon)).get('balance_breakers{provider="mock",state="open"}') === 1
    }, 'an open breaker')
  })

  it('goes on counting over changes, and knows a provider that left only by its past', async () => {
    const daemon = await world.serve()
    await daemon.ask(token)
    const { revision } = await world.json<{ revision: number }>(['status'])
    await world.json(['providers', 'add', 'spare', '--base-url', mock.url])
    await world.balance(['keys', 'add', 'spare'], 'sk-spare-0123456789abcdef\n')
    await daemon.ask(token, { path: `/spare${CHAT.path}` })
    const before = await scraped(
      daemon,
      samples => samples.get(answered('mock-large', 'spare')) === 1,
    )
    expect(before.get(answered())).toBe(1)
    expect(before.get('balance_config_revision')).toBeGreaterThan(revision)
    await world.json(['providers', 'remove', 'spare', '--yes'])
    const gone = (samples: Samples) =>
      samples.get('balance_key_state{provider="spare",state="active"}') === undefined
    const after = await scraped(daemon, gone)
    expect(after.get(answered('mock-large', 'spare'))).toBe(1)
    await world.balance(['reload'])
    await daemon.ask(token)
    await scraped(daemon, samples => samples.get(answered()) === 2)
  })

  it('begins at nothing after a restart', async () => {
    const first = await world.serve()
    await first.ask(token)
    await scraped(first, samples => samples.get(answered()) === 1)
    await first.stop()
    const second = await world.serve()
    const found = await scrape(second)
    expect(found.of('balance_requests_total')).toEqual({})
    expect(found.get('balance_log_written_total')).toBe(0)
  })

  it('names no key and no token', async () => {
    const daemon = await world.serve()
    await daemon.ask(token)
    await scraped(daemon, samples => samples.get(answered()) === 1)
    const { text } = await daemon.ask(token, { path: '/metrics', method: 'GET', body: '' })
    const keys = await world.json<{ id: string; label: string }[]>(['keys', 'list'])
    expect(keys).toHaveLength(2)
    for (const { id, label } of keys) {
      expect(text).not.toContain(id)
      expect(text).not.toContain(label)
    }
    expect(text).not.toContain('"test"')
  })
})
