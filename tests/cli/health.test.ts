import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Daemon, World } from '../support/daemon.ts'

let world: World
const servers: Server[] = []

beforeEach(() => {
  world = new World()
})
afterEach(async () => {
  await world.remove()
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

/** Somebody else on a free port; the port becomes the configured one. */
async function occupy(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  world.env.BALANCE_LISTEN = `0.0.0.0:${port}`
  return port
}

async function serve(): Promise<Daemon> {
  await world.furnish('http://127.0.0.1:9/v1', 'sk-0123456789abcdef')
  return world.serve()
}

describe('balance health', () => {
  it('exits 0 where the gateway may get requests, at any address or at one', async () => {
    const { port, url } = await serve()
    for (const host of ['127.0.0.1', '0.0.0.0', 'localhost']) {
      world.env.BALANCE_LISTEN = `${host}:${port}`
      expect(await world.balance(['health'])).toMatchObject({ code: 0, stdout: 'healthy\n' })
    }
    const shown = { healthy: true, url: `${url}/livez`, status: 'ok' }
    expect(await world.json(['health', '--live', '--url', url])).toEqual(shown)
  })

  it('asks the daemon where it listens when the configuration leaves that to the system', async () => {
    world.env.BALANCE_LISTEN = '127.0.0.1:0'
    expect(await world.balance(['health'])).toMatchObject({ code: 69, stdout: '' })
    const { url } = await serve()
    expect(await world.json(['health'])).toMatchObject({ healthy: true, url: `${url}/readyz` })
  })

  it('exits 1 where nobody listens', async () => {
    // A port that the system gives to nobody.
    world.env.BALANCE_LISTEN = '127.0.0.1:9'
    const url = 'http://127.0.0.1:9/readyz'
    const { code, stdout, stderr } = await world.balance(['health', '--json'])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toEqual({ healthy: false, url, status: null })
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: 'failed',
        message: `${url}: nothing answers (ECONNREFUSED).`,
        hint: 'See balance status, or start it: balance serve.',
      },
    })
  })

  it('exits 1 where nobody answers in time', async () => {
    const port = await occupy(() => {})
    const { code, stderr } = await world.balance(['health'])
    expect(code).toBe(1)
    expect(stderr).toContain(`http://127.0.0.1:${port}/readyz: no answer in time.`)
  })

  it.each([
    ['words', 200, 'ready'],
    ['JSON of another kind', 200, '[]'],
    ['very much', 200, 'x'.repeat(100_000)],
  ])('exits 1 where somebody else answers with %s', async (_what, status, body) => {
    await occupy((_request, response) => void response.writeHead(status).end(body))
    const { code, stderr } = await world.balance(['health'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/: somebody else listens there\.$/m)
  })

  it('exits 1 where the gateway says that it is not ready', async () => {
    const answer = { '/readyz': [503, 'draining'], '/livez': [200, 'ok'] } as const
    const port = await occupy((request, response) => {
      const [code, status] = answer[request.url as keyof typeof answer]
      response.writeHead(code).end(JSON.stringify({ status }))
    })
    const url = `http://127.0.0.1:${port}/readyz`
    const { code, stdout, stderr } = await world.balance(['health', '--json'])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toEqual({ healthy: false, url, status: 'draining' })
    expect(JSON.parse(stderr).error.message).toBe(`${url}: the gateway is draining.`)
    expect(await world.balance(['health', '--live'])).toMatchObject({ code: 0 })
  })

  it('takes no address of another protocol', async () => {
    const { code, stderr } = await world.balance(['health', '--url', 'ftp://127.0.0.1'])
    expect(code).toBe(2)
    expect(stderr).toContain('--url takes a URL like http://127.0.0.1:8077.')
  })
})
