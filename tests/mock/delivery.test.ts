import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Delivery } from '../../src/mock/delivery.ts'
import { splitEvents } from '../../src/mock/sse.ts'

const closing: (() => void)[] = []

afterEach(() => {
  for (const close of closing.splice(0)) close()
})

it('pulls no more than the client reads, and delivers all of it to one that reads', async () => {
  const [count, size] = [200, 65_536]
  let pulled = 0
  function* pieces() {
    while (pulled < count) {
      pulled++
      yield Buffer.alloc(size)
    }
  }
  let pulledAtOnce = 0
  const server = createServer((_, response) => {
    new Delivery(response, pieces(), { clock: systemClock, rate: 0 }, null).start()
    pulledAtOnce = pulled
  })
  closing.push(() => server.close())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))

  let read = 0
  const { port } = server.address() as AddressInfo
  await new Promise<void>(resolve => {
    get({ port, agent: false }, async answer => {
      for await (const chunk of answer) read += (chunk as Buffer).length
      resolve()
    })
  })
  expect(pulledAtOnce).toBeLessThan(5)
  expect(pulled).toBe(count)
  expect(read).toBe(count * size)
})

it('cuts a recording behind each blank line, whatever its line ends, and loses no byte', () => {
  const stream = Buffer.from('data: é\n\n: c\r\n\r\ndata: 2\r\rdata: unfinished')
  const events = splitEvents(stream)
  expect(events.map(String)).toEqual([
    'data: é\n\n',
    ': c\r\n\r\n',
    'data: 2\r\r',
    'data: unfinished',
  ])
  expect(Buffer.concat(events).equals(stream)).toBe(true)
  expect(splitEvents(Buffer.alloc(0))).toEqual([])
})
