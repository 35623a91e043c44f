import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Exchange } from '../../src/gateway/exchange.ts'
import { IN_ONE_TURN, Starts } from '../../src/gateway/starts.ts'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { key, provider } from '../support/catalog.ts'
import { startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'
import { ManualClock } from '../support/manual-clock.ts'

/** From 0 up. */
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)
const turn = () => new Promise(resolve => setImmediate(resolve))

describe('the start of requests', () => {
  let clock: ManualClock
  let begun: { id: number; late: boolean }[]
  let starts: Starts
  const exchange = (id: number) => ({ startedAt: clock.now(), id }) as unknown as Exchange
  const ids = () => begun.map(({ id }) => id)

  beforeEach(() => {
    clock = new ManualClock()
    begun = []
    starts = new Starts(clock, (started, late) => {
      begun.push({ id: (started as unknown as { id: number }).id, late })
    })
  })

  it('is at once, for so many in one turn of the loop', async () => {
    const twoTurns = 2 * IN_ONE_TURN
    for (let id = 0; id < twoTurns + 2; id++) starts.add(exchange(id))
    expect([ids(), starts.waiting]).toEqual([numbers(IN_ONE_TURN), IN_ONE_TURN + 2])
    await turn()
    expect(ids()).toEqual(numbers(twoTurns))
    await turn()
    expect([begun.length, starts.waiting]).toEqual([twoTurns + 2, 0])
    await turn()
    starts.add(exchange(twoTurns + 2))
    expect(begun).toHaveLength(twoTurns + 3)
  })

  it('comes too late for those that have waited for more than a second', async () => {
    for (let id = 0; id < 25 * IN_ONE_TURN; id++) starts.add(exchange(id))
    while (starts.waiting > 0) {
      clock.advance(50)
      await turn()
    }
    const late = begun.filter(each => each.late).map(({ id }) => id)
    // Some began at once, and 20 turns took a second.
    expect(late).toEqual(numbers(25 * IN_ONE_TURN).slice(21 * IN_ONE_TURN))
  })

  it('is not late where the process did not run, for those who waited then', async () => {
    const first = 8 * IN_ONE_TURN
    for (let id = 0; id < first; id++) starts.add(exchange(id))
    clock.advance(1_500)
    await turn()
    const then = begun.length
    for (let id = first; id < 40 * IN_ONE_TURN; id++) starts.add(exchange(id))
    while (starts.waiting > 0) {
      clock.advance(45)
      await turn()
    }
    const late = begun.filter(each => each.late).map(({ id }) => id)
    // Those who came after it have waited for a second when 22 turns were over.
    expect([then, late[0]]).toEqual([2 * IN_ONE_TURN, then + 22 * IN_ONE_TURN])
  })
})

describe('a gateway that has more to do than it can', () => {
  let mock: Mock
  let gateway: TestGateway
  beforeEach(async () => {
    mock = await startMock({
      respond: (_, response) => {
        response.end('{}')
        return true
      },
    })
    gateway = await startGateway({ providers: [provider('mock', mock.url)], keys: [key('a')] })
  })
  afterEach(async () => {
    await gateway.close()
    await mock.close()
  })

  it('answers all who come at once', async () => {
    const statuses = await pipelined(60)
    expect(statuses).toEqual(Array(60).fill(200))
    expect(new Set(mock.requests.map(({ url }) => url)).size).toBe(60)
  })

  it('refuses in words what waited too long, and writes it down', async () => {
    const { inside } = gateway.gateway
    const begin = inside.starts.add.bind(inside.starts)
    inside.starts.add = exchange =>
      begin(Object.assign(exchange, { startedAt: exchange.startedAt - 1_500 }))
    expect(await pipelined(IN_ONE_TURN + 16)).toEqual([
      ...Array(IN_ONE_TURN).fill(200),
      ...Array(16).fill(503),
    ])
    inside.ledger.flush()
    expect(gateway.records.filter(({ errorCode }) => errorCode === 'overloaded')).toHaveLength(16)
    expect(mock.requests).toHaveLength(IN_ONE_TURN)
  })

  it('does nothing for those who have left meanwhile, and forgets them', async () => {
    const { inside } = gateway.gateway
    const waiting: Exchange[] = []
    const begin = inside.starts.add.bind(inside.starts)
    inside.starts.add = exchange => void waiting.push(exchange)
    const socket = connect(gateway.port, '127.0.0.1', () => socket.write(asking(0)))
    while (waiting.length === 0) await turn()
    socket.destroy()
    while (waiting[0]?.left !== true) await turn()
    begin(waiting[0] as Exchange)
    expect([waiting[0]?.accounted, waiting[0]?.errorCode]).toEqual([true, 'client_closed'])
    expect([inside.exchanges.size, mock.requests.length]).toEqual([0, 0])
  })

  /** Asks so many things in one write; resolves with the statuses. */
  function pipelined(count: number): Promise<number[]> {
    return new Promise((resolve, reject) => {
      let text = ''
      const socket = connect(gateway.port, '127.0.0.1', () =>
        socket.write(Array.from({ length: count }, (_, n) => asking(n)).join('')),
      )
      socket.on('error', reject)
      socket.on('data', chunk => {
        text += chunk.toString('latin1')
        const statuses = Array.from(text.matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) =>
          Number(status),
        )
        if (statuses.length < count) return
        socket.destroy()
        resolve(statuses)
      })
    })
  }
})

function asking(n: number): string {
  return `GET /v1/models/${n} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`
}
