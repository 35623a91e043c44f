import { EventEmitter } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { ConnectionCap } from '../../src/gateway/connection-cap.ts'
import { key, provider } from '../support/catalog.ts'
import { startGateway } from '../support/gateway.ts'
import { talk } from './hostile/raw.ts'

function from(remoteAddress: string): Socket {
  return Object.assign(new EventEmitter(), { remoteAddress }) as unknown as Socket
}

it('bounds all connections by the descriptors, and those of one network by half of that', () => {
  const cap = new ConnectionCap(328)
  expect([cap.most, cap.mostOfOne]).toEqual([100, 50])
  const greedy = Array.from({ length: 60 }, () => from('203.0.113.9'))
  expect(greedy.filter(socket => cap.admit(socket))).toHaveLength(50)
  // One in a network of IPv6 has all of it.
  const many = Array.from({ length: 60 }, (_, n) => from(`2001:db8:1:2::${n.toString(16)}`))
  expect(many.filter(socket => cap.admit(socket))).toHaveLength(50)
  expect([cap.open, cap.admit(from('127.0.0.1'))]).toEqual([100, false])
  greedy[0]?.emit('close')
  expect(cap.admit(from('127.0.0.1'))).toBe(true)
})

it('counts addresses of IPv4 each for itself, also on a socket of IPv6', () => {
  const cap = new ConnectionCap(328)
  const mapped = Array.from({ length: 60 }, (_, n) => from(`::ffff:203.0.113.${n}`))
  expect(mapped.filter(socket => cap.admit(socket))).toHaveLength(60)
})

it('lets this host have all', () => {
  const cap = new ConnectionCap(328)
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
    for (let n = 0; n < 30; n++) expect(cap.admit(from(address))).toBe(true)
  }
})

it('forgets a network whose connections have closed', () => {
  const cap = new ConnectionCap(328)
  for (let round = 0; round < 3; round++) {
    const sockets = Array.from({ length: 50 }, () => from('203.0.113.9'))
    expect(sockets.every(socket => cap.admit(socket))).toBe(true)
    for (const socket of sockets) socket.emit('close')
  }
  expect(cap.open).toBe(0)
})

it('closes what is above it, tells it once, and serves again when others have gone', async () => {
  const parts = { providers: [provider('mock', 'http://127.0.0.1:1/v1')], keys: [key('a')] }
  const gateway = await startGateway(parts, { descriptors: 0 })
  const health = 'GET /livez HTTP/1.1\r\nhost: x\r\n\r\n'

  const held = await Promise.all(
    Array.from({ length: 16 }, async () => {
      const socket = connect(gateway.port, '127.0.0.1').on('error', () => {})
      socket.write(health)
      await new Promise(resolve => socket.once('data', resolve))
      return socket
    }),
  )
  for (let n = 0; n < 3; n++) {
    expect((await talk(gateway.port, health, 1)).replies).toEqual([])
  }
  expect(gateway.lines.filter(line => line.includes('connections are refused'))).toHaveLength(1)
  held[0]?.destroy()
  await expect.poll(async () => (await talk(gateway.port, health, 1)).replies.length).toBe(1)
  for (const socket of held) socket.destroy()
  await gateway.close()
})
