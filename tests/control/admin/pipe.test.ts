import { existsSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DashboardSocket, pipeTo } from '../../../src/control/admin/pipe.ts'
import type { Visitor } from '../../../src/control/admin/visitor.ts'
import { codeOf, TestDashboard } from '../../support/dashboard.ts'
import { ask, startGateway } from '../../support/gateway.ts'

let dashboard: TestDashboard
/** Whom the door was told of. */
let visitors: Visitor[]

beforeEach(async () => {
  dashboard = await TestDashboard.start('from a worker')
  visitors = []
  const { answer } = dashboard.door
  dashboard.door.answer = (request, response, visitor) => {
    visitors.push(visitor)
    return answer(request, response, visitor)
  }
})
afterEach(() => dashboard.close())

const socketPath = () => join(dashboard.folder, 'door.http')

describe("a worker's way to the door", () => {
  it('is open to its owner alone, and is gone with the daemon', async () => {
    expect((statSync(socketPath()).mode & 0o777).toString(8)).toBe('600')
    const path = join(dashboard.folder, 'second.sock')
    const second = await DashboardSocket.open(path, dashboard.door)
    second.close()
    await vi.waitFor(() => expect(existsSync(second.path)).toBe(false))
  })

  it('takes the place of one that was left', async () => {
    writeFileSync(join(dashboard.folder, 'left.http'), '')
    const socket = await DashboardSocket.open(join(dashboard.folder, 'left.sock'), dashboard.door)
    const gateway = await startGateway({}, { dashboard: pipeTo(socket.path) })
    const { status } = await ask(gateway.port, { path: '/admin/api/session', token: null })
    expect(status).toBe(200)
    await gateway.close()
    socket.close()
  })

  it('tells who asks, whatever the browser says of itself', async () => {
    await dashboard.ask('/admin/', {
      headers: {
        'x-balance-peer': '10.0.0.1',
        'X-Balance-Peer': '10.0.0.2',
        'X-BALANCE-TLS': '1',
        'x-balance-tls': ['1', '1'],
      },
    })
    expect(visitors).toEqual([{ peer: '127.0.0.1', tls: false }])
  })

  it('carries no second request in the body of one', async () => {
    const hidden =
      'GET /admin/api/session HTTP/1.1\r\nhost: localhost\r\nx-balance-peer: ::1\r\nx-balance-tls: 1\r\n\r\n'
    const chunk = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`
    for (const method of ['GET', 'HEAD', 'DELETE', 'PUT', 'POST']) {
      for (const [framing, body] of [
        ['transfer-encoding: chunked', chunk],
        [`content-length: ${hidden.length}`, hidden],
      ]) {
        visitors.length = 0
        const socket = connect(dashboard.port, '127.0.0.1')
        socket.write(
          `${method} /admin/api/status HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${framing}\r\n\r\n${body}`,
        )
        expect(await text(socket)).toMatch(/^HTTP\/1.1 40/)
        // Where a body means nothing the gateway has refused it already.
        const came = ['PUT', 'POST'].includes(method) ? [{ peer: '127.0.0.1', tls: false }] : []
        expect([method, visitors]).toEqual([method, came])
      }
    }
  })

  it('says so where there is no daemon', async () => {
    const gateway = await startGateway({}, { dashboard: pipeTo(join(dashboard.folder, 'nobody')) })
    for (const body of [undefined, 'x'.repeat(100_000)]) {
      const change = body === undefined ? {} : { body }
      const answer = await ask(gateway.port, { path: '/admin/', token: null, ...change })
      expect([answer.status, codeOf(answer)]).toEqual([503, 'overloaded'])
      expect(answer.headers['content-security-policy']).toContain("default-src 'none'")
    }
    await gateway.close()
  })

  it('breaks off where the daemon ends in the middle of an answer', async () => {
    const cookie = await dashboard.enter()
    const response = await dashboard.open('/admin/api/live', cookie)
    const over = new Promise(resolve => response.on('close', resolve))
    response.on('error', () => {})
    response.resume()
    await dashboard.door.close()
    await over
    expect(response.complete).toBe(false)
  })

  it('is given up when the browser leaves before an answer', async () => {
    const cookie = await dashboard.enter()
    let release = () => {}
    dashboard.answer = () =>
      new Promise(resolve => {
        release = () => resolve({})
      })
    const leaving = new AbortController()
    const left = dashboard
      .ask('/admin/api/status', { headers: { cookie }, signal: leaving.signal })
      .catch(() => null)
    await vi.waitFor(() => expect(dashboard.calls).toHaveLength(1))
    leaving.abort()
    await left
    await vi.waitFor(() => expect(dashboard.calls[0]?.caller.signal.aborted).toBe(true))
    release()
  })
})
