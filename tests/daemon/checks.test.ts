import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLogger } from '../../src/base/log.ts'
import { Redactor } from '../../src/base/redactor.ts'
import { Checks } from '../../src/daemon/checks.ts'
import { Learned } from '../../src/daemon/learned.ts'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { Catalog, Key, KeyMemory, Provider } from '../../src/model/catalog.ts'
import type { Settings } from '../../src/model/settings.ts'
import { catalog, key, keyMemory, provider } from '../support/catalog.ts'
import { ManualClock } from '../support/manual-clock.ts'

const HOUR = 3_600_000
const ACCEPTED = 'a refused key is accepted again'
const REFUSED = 'a refused key stays invalid'

let mock: Mock
let nodes: Node[] = []

beforeEach(async () => {
  mock = await startMock({ scripts: { '*': '401' } })
})
afterEach(async () => {
  for (const node of nodes) await node.checks.stop()
  nodes = []
  await mock.close()
})

/** A node that does the checks, with what it says and what it tells the others. */
class Node {
  readonly clock: ManualClock
  readonly learned = new Learned()
  readonly checks: Checks
  readonly lines: Record<string, unknown>[] = []
  /** What gateways are told. */
  readonly told: KeyMemory[] = []
  catalog: Catalog | null
  lease = true
  /** Hears all that is written down. */
  peer: Node | null = null
  #awaited: (() => void) | null = null

  constructor(given: Catalog, clock = new ManualClock()) {
    nodes.push(this)
    this.clock = clock
    this.catalog = given
    this.learned.seed(given)
    const redactor = new Redactor()
    this.checks = new Checks({
      clock,
      redactor,
      log: createLogger('info', redactor, { write: text => this.#say(text) }),
      catalog: () => this.catalog,
      learned: this.learned,
      link: {
        verdicts: batch => {
          this.learned.take(batch)
          this.peer?.learned.take(batch)
        },
      },
      gateway: { learn: ({ memories }) => void this.told.push(...memories) },
      mayWork: () => this.lease,
    })
  }

  #say(text: string): void {
    this.lines.push(JSON.parse(text))
    this.#awaited?.()
  }

  /** Resolves once so many lines were said in all. */
  async said(count: number): Promise<void> {
    while (this.lines.length < count) {
      await new Promise<void>(resolve => {
        this.#awaited = resolve
      })
    }
    // A round ends when its connections are closed.
    do await new Promise(resolve => setImmediate(resolve))
    while (mock.open > 0)
  }

  /** Lets time pass without a check, which is seen to at the end by {@link asked}. */
  pass(ms: number): void {
    this.clock.advance(ms)
  }

  setInterval(check_interval: number): void {
    const present = this.catalog as Catalog
    this.catalog = { ...present, settings: { ...present.settings, check_interval } }
  }
}

interface World {
  readonly keys?: readonly Key[]
  readonly memories?: readonly KeyMemory[]
  readonly settings?: Partial<Settings>
  readonly provider?: Partial<Provider>
}

const INVALID = { failures: 3, invalid: { reason: 'invalid_api_key', since: 1 } }

function worldOf({ keys, memories, settings = {}, provider: change = {} }: World = {}): Catalog {
  return catalog({
    providers: [provider('mock', mock.url, change)],
    keys: keys ?? [key('a')],
    memories: memories ?? [keyMemory(INVALID)],
    settings,
  })
}

/** Who was asked for, in order. */
function asked(): string[] {
  return mock.requests.map(({ method, url, key: secret }) => `${method} ${url} ${secret}`)
}

const askFor = (id: string) => `GET /v1/models sk-${id}-0123456789abcdef`

describe('a key that was refused', () => {
  it('is asked about after one interval, and again after each', async () => {
    const node = new Node(worldOf())
    node.pass(HOUR)
    expect(node.lines).toEqual([])
    node.pass(1_000)
    await node.said(1)
    expect(node.lines[0]).toMatchObject({
      msg: REFUSED,
      key: 'a',
      provider: 'mock',
      answer: 'invalid_api_key',
    })
    node.pass(HOUR - 1_000)
    node.pass(1_000)
    await node.said(2)
    expect(asked()).toEqual([askFor('a'), askFor('a')])
    expect(node.learned.of('a')).toMatchObject({ failures: 5, invalid: INVALID.invalid })
  })

  it('comes back when it is accepted: here, in gateways, and in one line', async () => {
    const node = new Node(worldOf())
    mock.setScript('*', '401,ok')
    node.pass(HOUR + 1_000)
    await node.said(1)
    node.pass(HOUR)
    await node.said(2)
    expect(node.lines.at(-1)).toMatchObject({ msg: ACCEPTED, key: 'a', provider: 'mock' })
    expect(node.learned.of('a')).toMatchObject({ failures: 0, invalid: null, generation: 1 })
    expect(node.told.at(-1)).toEqual(node.learned.of('a'))
    node.pass(10 * HOUR)
    expect(node.lines).toHaveLength(2)
    expect(asked()).toHaveLength(2)
  })

  it.each([
    '401',
    '403',
    '402',
    '429-quota',
    '429',
    '500',
    '503',
    'html-200',
    'empty-200',
    'die',
    '404',
  ])('stays out on %s', async script => {
    mock.setScript('*', script)
    const node = new Node(worldOf())
    node.pass(HOUR + 1_000)
    await node.said(1)
    expect(node.lines[0]).toMatchObject({ msg: REFUSED })
    expect(node.learned.of('a')?.invalid).toEqual(INVALID.invalid)
  })

  it('waits an interval from when it became invalid', async () => {
    const node = new Node(worldOf({ memories: [] }))
    node.pass(HOUR / 2)
    node.learned.take([keyMemory(INVALID)])
    node.pass(HOUR)
    expect(node.lines).toEqual([])
    node.pass(1_000)
    await node.said(1)
    expect(asked()).toHaveLength(1)
  })

  it('is asked by a chat of one token where there is a test_model, and has money then', async () => {
    mock.setScript('*', 'ok')
    const exhausted = { kind: 'exhausted', remaining: 9 * HOUR, reason: 'no money' } as const
    const node = new Node(
      worldOf({
        memories: [keyMemory({ ...INVALID, exhausted })],
        provider: { overrides: { test_model: 'mock-small' } },
      }),
    )
    node.pass(HOUR + 1_000)
    await node.said(1)
    expect(mock.requests[0]).toMatchObject({ method: 'POST', url: '/v1/chat/completions' })
    expect(node.learned.of('a')).toMatchObject({ invalid: null, exhausted: null })
  })

  it('shows no secret in what is said of it, whatever the provider repeats', async () => {
    const planted = 'sk-planted-0123456789abcdef'
    const own = await startMock({
      respond: ({ key: secret }, response) => {
        const error = { message: secret, code: secret }
        response.writeHead(401, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ error }))
        return true
      },
    })
    const given = worldOf({
      keys: [key('a', { value: planted })],
      memories: [keyMemory({ failures: 2, invalid: INVALID.invalid })],
    })
    const node = new Node({ ...given, providers: [provider('mock', own.url)] })
    node.pass(HOUR + 1_000)
    await node.said(1)
    expect(node.lines[0]).toMatchObject({ answer: 'sk-…cdef' })
    expect(JSON.stringify([node.lines, node.learned.lessons, node.told])).not.toContain(planted)
    await own.close()
  })
})

describe('nobody asks about', () => {
  it('keys that are fine, disabled, not opened, exhausted, of a disabled provider, or renewed', async () => {
    const keys = [
      key('fine'),
      key('disabled', { enabled: false }),
      key('sealed', { secret: null, fault: { state: 'sealed', reason: 'x' } }),
      key('poor'),
      key('elsewhere', { provider: 'off' }),
      key('renewed', { generation: 2 }),
      key('refused'),
    ]
    const memories = [
      ...['disabled', 'sealed', 'elsewhere', 'refused'].map(keyId =>
        keyMemory({ ...INVALID, keyId }),
      ),
      keyMemory({
        keyId: 'poor',
        exhausted: { kind: 'exhausted', remaining: HOUR, reason: 'no money' },
      }),
    ]
    const given = worldOf({ keys, memories })
    const off = provider('off', mock.url, { enabled: false })
    const node = new Node({ ...given, providers: [...given.providers, off] })
    node.learned.take([keyMemory({ ...INVALID, keyId: 'renewed' })])
    node.pass(HOUR + 1_000)
    await node.said(1)
    expect(asked()).toEqual([askFor('refused')])
  })

  it('any key before there is a catalogue, without the lease, or with an interval of 0', async () => {
    const node = new Node(worldOf())
    const known = node.catalog
    node.catalog = null
    node.pass(2 * HOUR)
    node.catalog = known
    node.lease = false
    node.pass(2 * HOUR)
    node.lease = true
    node.setInterval(0)
    node.pass(2 * HOUR)
    expect(node.lines).toEqual([])
    node.setInterval(HOUR)
    node.pass(1_000)
    await node.said(1)
    expect(asked()).toHaveLength(1)
  })
})

describe('checks', () => {
  it('heed a changed interval within seconds, counted from the last word about a key', async () => {
    const node = new Node(worldOf())
    node.pass(60_000)
    node.setInterval(30_000)
    node.pass(1_000)
    await node.said(1)
    node.pass(29_000)
    expect(node.lines).toHaveLength(1)
    node.pass(2_000)
    await node.said(2)
    expect(asked()).toHaveLength(2)
  })

  it('do not overlap: what is slow is waited for, at four at once', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f']
    const slow = await startMock({ scripts: { '*': 'hang' } })
    const given = worldOf({
      keys: ids.map(id => key(id)),
      memories: ids.map(keyId => keyMemory({ ...INVALID, keyId })),
      settings: { check_interval: 10_000 },
    })
    const node = new Node({ ...given, providers: [provider('mock', slow.url)] })
    const four = new Promise<void>(resolve => {
      slow.onRequest(() => slow.requests.length === 4 && resolve())
    })
    node.pass(11_000)
    await four
    // Half a minute is as long as they are waited for; the next round would have been due twice.
    node.pass(29_000)
    expect(slow.requests).toHaveLength(4)
    const two = new Promise<void>(resolve => {
      slow.onRequest(() => slow.requests.length === 6 && resolve())
    })
    node.pass(1_000)
    await two
    await node.said(4)
    expect(new Set(slow.requests.map(request => request.key)).size).toBe(6)
    await slow.close()
    await node.said(6)
  })

  it('say nothing of a key that its owner renewed meanwhile', async () => {
    const node = new Node(
      worldOf({
        keys: [key('a'), key('b')],
        memories: [keyMemory(INVALID), keyMemory({ ...INVALID, keyId: 'b' })],
      }),
    )
    mock.onRequest(() => {
      node.learned.seed(worldOf({ keys: [key('a', { generation: 2 }), key('b')] }))
    })
    node.pass(HOUR + 1_000)
    await node.said(1)
    expect(node.lines.map(line => line.key)).toEqual(['b'])
    expect(node.learned.of('a')).toBeUndefined()
  })

  it('end at once with the daemon, and say nothing of what they gave up', async () => {
    const hanging = await startMock({ scripts: { '*': 'hang' } })
    const given = worldOf()
    const node = new Node({ ...given, providers: [provider('mock', hanging.url)] })
    const [request, left] = [hanging.nextRequest(), hanging.nextAbort()]
    node.pass(HOUR + 1_000)
    await request
    await node.checks.stop()
    await left
    expect(node.lines).toEqual([])
    expect(node.clock.pending).toBe(0)
    await hanging.close()
  })
})

describe('of two nodes', () => {
  /** One that holds the lease and one that would like to, each hearing the other, on one clock. */
  function two(): [Node, Node] {
    const clock = new ManualClock()
    const [first, second] = [new Node(worldOf(), clock), new Node(worldOf(), clock)]
    second.lease = false
    first.peer = second
    second.peer = first
    return [first, second]
  }

  it('the one that holds the lease asks', async () => {
    const [first, second] = two()
    first.pass(HOUR + 1_000)
    await first.said(1)
    expect(second.lines).toEqual([])
    expect(asked()).toHaveLength(1)
    expect(second.learned.of('a')?.failures).toBe(4)
  })

  it('the other goes on where that one stopped, and asks nothing twice', async () => {
    const [first, second] = two()
    first.pass(HOUR + 1_000)
    await first.said(1)
    first.lease = false
    second.lease = true
    first.pass(HOUR - 1_000)
    expect(second.lines).toEqual([])
    first.pass(2_000)
    await second.said(1)
    expect(asked()).toHaveLength(2)
    expect(first.lines).toHaveLength(1)
  })

  it('the one that loses the lease leaves the rest to the other', async () => {
    const hanging = await startMock({ scripts: { '*': 'hang' } })
    const given = worldOf()
    const node = new Node({ ...given, providers: [provider('mock', hanging.url)] })
    const [request, left] = [hanging.nextRequest(), hanging.nextAbort()]
    node.pass(HOUR + 1_000)
    await request
    node.lease = false
    node.pass(1_000)
    await left
    expect(node.lines).toEqual([])
    await hanging.close()
  })
})
