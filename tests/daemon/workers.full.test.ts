import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { DaemonStatus } from '../../src/model/status.ts'
import { count } from '../support/count.ts'
import { type Daemon, eventually, World } from '../support/daemon.ts'
import { CHAT } from '../support/open-stream.ts'

const [A, B] = ['sk-a-0123456789abcdef', 'sk-b-0123456789abcdef']
let mock: Mock
let world: World
let token: string

beforeEach(async () => {
  mock = await startMock({ tokens: 4 })
  world = new World()
  token = await world.furnish(mock.url, A, B)
})

afterEach(async () => {
  await world.remove()
  await mock.close()
})

/** A client with one connection of its own, which stays with one worker. */
class Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #port: number

  constructor({ port }: Daemon) {
    this.#port = port
  }

  /** The answer's status; 0 where the connection broke. */
  chat(): Promise<number> {
    return new Promise(resolve => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      const sent = request({
        port: this.#port,
        host: '127.0.0.1',
        path: CHAT.path,
        method: 'POST',
        agent: this.#agent,
        headers,
      })
      sent.on('error', () => resolve(0))
      sent.on('response', response => {
        response.resume()
        response.on('error', () => resolve(0))
        response.on('end', () => resolve(response.statusCode ?? 0))
      })
      sent.end(CHAT.body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

const workers = async () => (await world.json<DaemonStatus>(['status'])).workers

async function bothReady(): Promise<number[]> {
  const ready = await eventually(async () => {
    const found = await workers()
    return found.length === 2 ? found : null
  }, 'two workers')
  return ready.map(({ pid }) => pid)
}

describe('two workers', () => {
  it('share the connections, and each follows every change before its command returns', async () => {
    const daemon = await world.serve('--workers', '2')
    await bothReady()
    const clients = [new Client(daemon), new Client(daemon)]
    for (const client of clients) expect(await client.chat()).toBe(200)
    expect((await workers()).map(({ requests }) => requests)).toEqual([1, 1])
    await world.balance(['tokens', 'revoke', 'test', '--yes'])
    for (const client of clients) expect(await client.chat()).toBe(401)
    for (const client of clients) client.close()
  })

  it('know within moments what the other learned about a key', async () => {
    mock.setScript(A, '402')
    const daemon = await world.serve('--workers', '2')
    await bothReady()
    const [first, second] = [new Client(daemon), new Client(daemon)]
    for (let sent = 0; sent < 4; sent++) expect(await first.chat()).toBe(200)
    const told = await eventually(async () => {
      const { providers } = await world.json<DaemonStatus>(['status'])
      return providers[0]?.keys.exhausted === 1
    }, 'the key exhausted')
    expect(told).toBe(true)
    for (let sent = 0; sent < 4; sent++) expect(await second.chat()).toBe(200)
    expect(mock.requests.filter(({ key }) => key === A)).toHaveLength(1)
    first.close()
    second.close()
  })

  it('hear of each other’s verdicts within 50 ms', async ({ annotate }) => {
    const keys = Array.from({ length: count(10, 100) }, (_, n) => `sk-turn-${n}-0123456789abcdef`)
    const store = await world.openStore()
    await store.addKeys(
      'mock',
      keys.map(key => ({ value: new Secret(key) })),
    )
    await store.close()
    const daemon = await world.serve('--workers', '2')
    await bothReady()
    const [first, second] = [new Client(daemon), new Client(daemon)]
    const uses = (key: string) => mock.requests.filter(request => request.key === key).length
    let late = 0
    for (const key of keys) {
      mock.setScript(key, '402')
      const before = uses(key)
      while (uses(key) === before) expect(await first.chat()).toBe(200)
      await new Promise(resolve => setTimeout(resolve, 50))
      for (let turn = 0; turn < keys.length + 2; turn++) expect(await second.chat()).toBe(200)
      late += uses(key) - before - 1
    }
    await annotate(`${keys.length} keys exhausted at one worker, ${late} tried by the other later`)
    expect(late).toBe(0)
    for (const client of [first, second]) client.close()
  })

  it('hear within 100 ms that a breaker opened at the other, and that it closed', async () => {
    const both = (script: string) => [A, B].map(key => mock.setScript(key, script))
    await world.balance(['config', 'set', 'max_retries', '1'])
    const daemon = await world.serve('--workers', '2')
    await bothReady()
    const [first, second] = [new Client(daemon), new Client(daemon)]
    expect([await first.chat(), await second.chat()]).toEqual([200, 200])
    both('500')
    for (let sent = 0; sent < 5; sent++) expect(await first.chat()).toBe(500)
    await new Promise(resolve => setTimeout(resolve, 100))
    const asked = mock.requests.length
    for (let sent = 0; sent < 5; sent++) expect(await second.chat()).toBe(503)
    expect(mock.requests).toHaveLength(asked)
    // One that begins later begins with what is known.
    const [killed] = await bothReady()
    process.kill(killed as number, 'SIGKILL')
    await eventually(async () => {
      const pids = (await workers()).map(({ pid }) => pid)
      return pids.length === 2 && !pids.includes(killed as number)
    }, 'another worker')
    first.close()
    second.close()
    const [third, fourth] = [new Client(daemon), new Client(daemon)]
    for (const client of [third, fourth]) expect(await client.chat()).toBe(503)
    expect(mock.requests).toHaveLength(asked)
    both('ok')
    await eventually(async () => (await third.chat()) === 200, 'a probe that works', 10_000, 50)
    await new Promise(resolve => setTimeout(resolve, 100))
    // A worker where it is still half-open would let one of these through at a time, not both.
    both('slow:200ms')
    const another = Array.from({ length: 6 }, () => new Client(daemon))
    expect(await Promise.all(another.map(client => client.chat()))).toEqual(Array(6).fill(200))
    for (const client of [third, fourth, ...another]) client.close()
    const [provider] = (await world.json<DaemonStatus>(['status'])).providers
    expect(provider?.breakers).toEqual({})
  })

  it('that are stuck are replaced, and hold up neither changes nor connections', async () => {
    const daemon = await world.serve('--workers', '2')
    const [stuck] = (await bothReady()) as [number, number]
    process.kill(stuck, 'SIGSTOP')
    const clients = Array.from({ length: 8 }, () => new Client(daemon))
    const answers = Promise.all(clients.map(client => client.chat()))
    const began = performance.now()
    const { code, stderr } = await world.balance(['config', 'set', 'max_retries', '4'])
    expect([code, stderr]).toEqual([0, expect.stringContaining('in force')])
    expect(new Set(await answers)).toEqual(new Set([200]))
    expect(performance.now() - began).toBeLessThan(8_000)
    const pids = await eventually(async () => {
      const found = await workers()
      return found.length === 2 && found.every(({ pid }) => pid !== stuck) ? found : null
    }, 'another worker')
    expect(new Set(pids.map(({ revision }) => revision)).size).toBe(1)
    expect(daemon.stderr).toContain('a worker is stuck')
    for (const client of clients) client.close()
  })

  it('tell whoever asks how the store does', async () => {
    const daemon = await world.serve('--workers', '2')
    await bothReady()
    const verbose = async () =>
      (await (await fetch(`${daemon.url}/readyz?verbose`)).json()) as {
        checks: { store?: { ok: boolean } }
      }
    await eventually(
      async () => (await verbose()).checks.store?.ok === true,
      'a store that is well',
    )
  })

  it('are replaced when they die; nobody is refused, nobody hangs', async () => {
    const daemon = await world.serve('--workers', '2')
    let killed = await bothReady()
    for (let round = 0; round < 3; round++) {
      const answers = Array.from({ length: 40 }, async () => {
        const client = new Client(daemon)
        const status = await client.chat()
        client.close()
        return status
      })
      process.kill(killed[round % 2] as number, 'SIGKILL')
      const statuses = await Promise.all(answers)
      // What the dead worker was serving broke off; everything else was answered.
      expect(statuses.every(status => status === 200 || status === 0)).toBe(true)
      expect(statuses.filter(status => status === 200).length).toBeGreaterThanOrEqual(10)
      const dead = killed
      killed = await eventually(
        async () => {
          const pids = (await workers()).map(({ pid }) => pid)
          return pids.length === 2 && !pids.includes(dead[round % 2] as number) ? pids : null
        },
        'a new worker',
        10_000,
      )
    }
    expect(daemon.stderr).toContain('a worker died')
  })

  it('wait with their connections while none is ready', async () => {
    const daemon = await world.serve('--workers', '2')
    for (const pid of await bothReady()) process.kill(pid, 'SIGKILL')
    const client = new Client(daemon)
    expect(await client.chat()).toBe(200)
    client.close()
  })

  it('are given no secret by their environment or their command line', async () => {
    const secret = randomBytes(32).toString('base64')
    world.env.BALANCE_BOOTSTRAP_TOKEN = secret
    await world.serve('--workers', '2')
    for (const pid of await bothReady()) {
      const seen = execFileSync('cat', [`/proc/${pid}/environ`, `/proc/${pid}/cmdline`]).toString()
      expect(seen).not.toContain(secret)
    }
  })

  it('end with the daemon, however it ends', async () => {
    const daemon = await world.serve('--workers', '2')
    const pids = await bothReady()
    await daemon.kill()
    await eventually(() => pids.every(pid => !runs(pid)), 'the workers gone')
  })

  it('do not act on a signal to the whole group', async () => {
    const daemon = await world.serve('--workers', '2')
    for (const pid of await bothReady()) process.kill(pid, 'SIGINT')
    const client = new Client(daemon)
    expect(await client.chat()).toBe(200)
    client.close()
    expect((await daemon.stop()).code).toBe(0)
  })
})

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
