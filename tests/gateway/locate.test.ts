import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { key, provider } from '../support/catalog.ts'
import { ask, startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'

let upstream: Server
let gateway: TestGateway
let seen: IncomingMessage[]

beforeEach(async () => {
  seen = []
  upstream = createServer((request, response) => {
    seen.push(request)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>(resolve => upstream.listen(0, '127.0.0.1', resolve))
  gateway = await startGateway(catalogOf('one', 'two'))
})

afterEach(async () => {
  await gateway.close()
  upstream.close()
})

function catalogOf(...names: string[]) {
  const { port } = upstream.address() as AddressInfo
  return {
    providers: names.map(name => provider(name, `http://127.0.0.1:${port}/${name}/v1`)),
    keys: names.map(name => key(`k_${name}`, { provider: name })),
    settings: { default_provider: names[0] as string },
  }
}

const status = async (path: string, method = 'GET') =>
  (await ask(gateway.port, { path, method })).status

describe('a target that was asked for before', () => {
  it('means what it means now, once the providers have changed', async () => {
    expect([await status('/two/v1/models'), await status('/two/v1/models')]).toEqual([200, 200])
    expect([await status('/v1/models'), await status('/v1/models')]).toEqual([200, 200])
    gateway.apply(catalogOf('three'))
    expect([await status('/two/v1/models'), await status('/v1/models')]).toEqual([404, 200])
    gateway.apply(catalogOf('two'))
    expect(await status('/two/v1/models')).toBe(200)
    expect(seen.map(({ url }) => url?.split('/')[1])).toEqual([
      'two',
      'two',
      'one',
      'one',
      'three',
      'two',
    ])
  })

  it('is told apart by its method', async () => {
    expect(await status('/v1/responses/resp_1')).toBe(200)
    expect(await status('/v1/responses/resp_1', 'DELETE')).toBe(200)
    expect(seen.map(({ method }) => method)).toEqual(['GET', 'DELETE'])
  })

  it('is refused each time where it names nobody', async () => {
    expect([await status('/nobody/v1/x'), await status('/nobody/v1/x')]).toEqual([404, 404])
    expect([await status('/admin'), await status('/admin')]).toEqual([404, 404])
  })

  it('keeps being understood after more targets than are remembered', async () => {
    for (let i = 0; i < 300; i++) expect(await status(`/v1/models/m-${i}`)).toBe(200)
    expect(await status('/two/v1/models/m-0')).toBe(200)
    expect(seen.at(-2)?.url).toBe('/one/v1/models/m-299')
    expect(seen.at(-1)?.url).toBe('/two/v1/models/m-0')
  })

  it('takes its credential from this request and from no other', async () => {
    const first = { path: `/v1/models?key=${TOKEN}`, token: null }
    expect((await ask(gateway.port, first)).status).toBe(200)
    expect((await ask(gateway.port, { path: '/v1/models?key=wrong', token: null })).status).toBe(
      401,
    )
    expect((await ask(gateway.port, { path: '/v1/models', token: null })).status).toBe(401)
    expect(seen.map(({ url }) => url)).toEqual(['/one/v1/models'])
  })
})
