import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PASSWORD } from '../password.ts'
import { changesOf, refusal, testOf } from './changes.ts'
import { found, readsOf } from './reads.ts'
import { failuresOf, makeExchange, makeWorld, type World } from './world.ts'

const dashboard = fileURLToPath(new URL('../../../dist/dashboard', import.meta.url))

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript', css: 'text/css' } as const

/** A daemon's `/admin` with a made-up world behind it. */
export interface FakeAdmin {
  readonly url: string
  readonly world: World
  /** Every answered request's operation, in order. */
  readonly asked: string[]
  /** Readers of the live stream. */
  readonly readers: Set<ServerResponse>
  /** Ends all sessions. */
  readonly endSessions: () => void
  readonly close: () => Promise<void>
}

interface Options {
  readonly keys: number
}

export async function startFakeAdmin({ keys }: Options): Promise<FakeAdmin> {
  const world = makeWorld(keys, Date.now())
  const answers = { ...readsOf(world, Date.now) }
  const changes = changesOf(world, Date.now)
  const assets = readAssets()
  const asked: string[] = []
  const readers = new Set<ServerResponse>()
  let session = 0
  let live = 100_000

  const server = createServer((request, response) => {
    answer(request, response).catch(error => {
      const { code = 'internal_error', message, status = 500, hint } = error
      send(response, status, { error: { code, message, hint } })
    })
  })
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const asset = assets.get(url.pathname)
    if (asset) {
      response.writeHead(200, { ...HEADERS, 'content-type': asset.type }).end(asset.content)
      return
    }
    const operation = url.pathname.replace('/admin/api/', '')
    asked.push(operation)
    const known = request.headers.cookie === `__Host-balance=${session}` && session > 0
    if (operation === 'session') {
      const state = { session: known ? { id: 's_ab12cd' } : null, passwordSet: true }
      send(response, 200, { ...state, version: '0.1.0' })
    } else if (operation === 'login') {
      const { password } = JSON.parse(await bodyOf(request)) as { password: string }
      if (password !== PASSWORD) throw refusal('invalid_password', 'The password is wrong.', 401)
      session = Math.floor(Math.random() * 1e9) + 1
      const cookie = `__Host-balance=${session}; Secure; HttpOnly; SameSite=Strict; Path=/`
      response.setHeader('set-cookie', cookie)
      send(response, 200, {})
    } else if (!known) {
      throw refusal('no_session', 'There is no session.', 401)
    } else if (operation === 'logout') {
      session = 0
      send(response, 200, {})
    } else if (operation === 'live') {
      response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' })
      response.write(': ping\n\n')
      readers.add(response)
      response.on('close', () => readers.delete(response))
    } else if (request.method === 'GET') {
      const read = found(Object.entries(answers).find(([name]) => name === operation))
      response.setHeader('x-balance-revision', world.revision)
      send(response, 200, read[1](url.searchParams))
    } else {
      await change(operation, request, response)
    }
  }
  async function change(operation: string, request: IncomingMessage, response: ServerResponse) {
    if (request.headers['x-balance-admin'] !== '1') throw refusal('forbidden', 'No.', 403)
    const { revision, ...input } = JSON.parse(await bodyOf(request))
    if (operation === 'keys.test' || operation === 'providers.test') {
      const wanted = new Set(input.keys ?? world.keys.slice(0, 20).map(({ id }) => id))
      const tests = world.keys.filter(({ id }) => wanted.has(id)).map(testOf)
      if (operation === 'providers.test') {
        send(response, 200, tests)
        return
      }
      response.writeHead(200, { ...HEADERS, 'content-type': 'application/x-ndjson' })
      for (const test of tests) response.write(`${JSON.stringify(test)}\n`)
      response.end()
      return
    }
    if (revision !== undefined && revision !== world.revision) {
      throw refusal('stale_plan', 'The store has changed.', 409)
    }
    const [, act] = found(Object.entries(changes).find(([name]) => name === operation))
    const out = act(input)
    world.revision++
    send(response, 200, { revision: world.revision, error: null, ...out })
  }
  const beat = setInterval(() => {
    live++
    const exchange = makeExchange(live, world.keys, Date.now())
    world.exchanges.unshift(exchange)
    world.failures.unshift(...failuresOf(exchange))
    for (const reader of readers) {
      const told = { ...exchange, id: null, key_label: null, node: null }
      reader.write(`event: exchange\ndata: ${JSON.stringify(told)}\n\n`)
    }
  }, 200)

  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://localhost:${port}/admin/`,
    world,
    asked,
    readers,
    endSessions: () => {
      session = 0
      for (const reader of readers) reader.destroy()
    },
    close: () => {
      clearInterval(beat)
      server.closeAllConnections()
      return new Promise(resolve => server.close(() => resolve()))
    },
  }
}

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { ...HEADERS, 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

function readAssets(): Map<string, { type: string; content: Buffer }> {
  const names = readdirSync(dashboard, { recursive: true, encoding: 'utf8' })
  return new Map(
    names.flatMap(name => {
      const type = TYPES[name.split('.').at(-1) as keyof typeof TYPES]
      if (!type) return []
      const path = name === 'index.html' ? '/admin/' : `/admin/${name}`
      return [[path, { type, content: readFileSync(join(dashboard, name)) }]]
    }),
  )
}
