import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { plainDoor } from '../../src/bench/contender.ts'
import { Crowd } from '../../src/bench/crowd.ts'
import { streamed } from '../../src/bench/traffic.ts'

/** Begins an answer so many turns after its request that others come meanwhile, where they may. */
const TURNS = 50
const answers: ServerResponse[] = []
let waiting = 0
let mostWaiting = 0
let refuseFrom = Number.POSITIVE_INFINITY
const server = createServer((_, response) => {
  mostWaiting = Math.max(mostWaiting, ++waiting)
  afterTurns(TURNS, () => {
    waiting--
    if (answers.push(response) > refuseFrom) response.writeHead(503).end('{"code":"overloaded"}')
    else response.write('data: first\n\n')
  })
})

function afterTurns(turns: number, call: () => void): void {
  setImmediate(() => (turns === 1 ? call() : afterTurns(turns - 1, call)))
}

beforeAll(() => new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => void server.close())

function crowd(most: number): Crowd {
  const { port } = server.address() as AddressInfo
  const traffic = streamed({ kind: 'held', count: 3, pace: 50 })
  const order = { traffic, streams: 60, rate: 1_000_000, most, exact: false }
  return new Crowd({ ...order, door: plainDoor(port) })
}

it('has no more streams wait for their first event than it may', async () => {
  const gathered = crowd(4)
  expect(await gathered.gather()).toEqual({ open: 60, broken: 0, fault: null })
  expect(mostWaiting).toBeGreaterThan(1)
  expect(mostWaiting).toBeLessThanOrEqual(4)
  for (const response of answers.splice(0)) response.end()
  expect(await gathered.finish()).toEqual({ open: 0, broken: 0, fault: null })
})

it('tells how many broke, and what the first was told', async () => {
  refuseFrom = 50
  const { open, broken, fault } = await crowd(8).gather()
  expect([open, broken]).toEqual([50, 10])
  expect(fault).toContain('503 Service Unavailable')
  for (const response of answers.splice(0)) response.destroy()
})
