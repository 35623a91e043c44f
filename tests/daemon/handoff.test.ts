import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLogger } from '../../src/base/log.ts'
import { Redactor } from '../../src/base/redactor.ts'
import { Handoff } from '../../src/daemon/handoff.ts'
import type { WorkerProcess } from '../../src/daemon/worker-process.ts'
import { eventually } from '../support/daemon.ts'
import { ManualClock } from '../support/manual-clock.ts'

const LOG = createLogger('silent', new Redactor(), { write: () => {} })

/** A worker that takes a connection only when the test says so. */
class Taker {
  readonly pid = 1
  connections = 0
  acceptedAt = Number.NEGATIVE_INFINITY
  readonly handed: { readonly id: number; readonly socket: Socket }[] = []

  hand(id: number, socket: Socket): void {
    this.connections++
    this.handed.push({ id, socket })
  }

  get process(): WorkerProcess {
    return this as unknown as WorkerProcess
  }
}

describe('handing connections on', () => {
  let clock: ManualClock
  let handoff: Handoff
  let workers: Taker[]
  let port: number
  let clients: Socket[]

  beforeEach(async () => {
    clock = new ManualClock()
    workers = [new Taker()]
    handoff = new Handoff(() => workers.map(({ process }) => process), clock, LOG)
    const [address] = await handoff.listen([{ host: '127.0.0.1', port: 0 }])
    port = address?.port ?? 0
    clients = []
  })
  afterEach(() => {
    for (const client of clients) client.destroy()
    for (const { handed } of workers) for (const { socket } of handed) socket.destroy()
    handoff.close()
  })

  async function call(times: number): Promise<void> {
    const before = clients.length
    for (let n = 0; n < times; n++) clients.push(connect(port, '127.0.0.1').on('error', () => {}))
    await Promise.all(clients.slice(before).map(client => once(client, 'connect')))
    const handed = () => workers.flatMap(worker => worker.handed).length
    await eventually(() => handed() >= clients.length, 'all were handed on')
  }

  it('calls a worker silent that takes none of those it was handed', async () => {
    const [worker] = workers as [Taker]
    await call(2)
    clock.advance(5_000)
    expect([...handoff.silentSince(clock.now() - 4_999)]).toEqual([worker.process])
    expect([...handoff.silentSince(clock.now() - 5_000)]).toEqual([])
  })

  it('does not call one silent that takes them one after the other, however many wait', async () => {
    const [worker] = workers as [Taker]
    await call(3)
    for (const { id } of [...worker.handed].slice(0, 2)) {
      clock.advance(4_000)
      handoff.accepted(id)
      expect([...handoff.silentSince(clock.now() - 5_000)]).toEqual([])
    }
    clock.advance(5_001)
    expect([...handoff.silentSince(clock.now() - 5_000)]).toEqual([worker.process])
  })

  it('hands what a dead worker did not take to others, again and again', async () => {
    const [first] = workers as [Taker]
    await call(1)
    for (let n = 0; n < 20; n++) {
      const dead = workers[0] as Taker
      workers = [new Taker()]
      handoff.reclaim(dead.process)
    }
    const socket = workers[0]?.handed[0]?.socket
    expect(socket).toBe(first.handed[0]?.socket)
    expect(socket?.listenerCount('error')).toBe(1)
  })
})
