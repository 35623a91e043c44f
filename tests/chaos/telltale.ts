import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What it does to a request whose path or body names it as `tell-NAME`; `key` is what it was shown. */
const WAYS: Readonly<Record<string, (response: ServerResponse, key: string) => void>> = {
  ok: (response, key) => json(response, 200, key, CHAT),
  '400': (response, key) => json(response, 400, key, refusal(key, 'bad_request')),
  '401': (response, key) => json(response, 401, key, refusal(key, 'invalid_api_key')),
  '402': (response, key) => json(response, 402, key, refusal(key, 'billing')),
  '403': (response, key) => json(response, 403, key, refusal(key, 'account_deactivated')),
  '404': (response, key) => json(response, 404, key, refusal(key, 'model_not_found')),
  '429': (response, key) => json(response, 429, key, refusal(key, 'rate_limit_exceeded')),
  quota: (response, key) => json(response, 429, key, refusal(key, 'insufficient_quota')),
  '500': (response, key) => json(response, 500, key, refusal(key, 'server_error')),
  '503': (response, key) => page(response, 503, key),
  html: (response, key) => page(response, 200, key),
  redirect(response, key) {
    const location = `http://127.0.0.1:1/?key=${encodeURIComponent(key)}`
    response.writeHead(302, { location, 'x-debug-key': key }).end(`Moved for ${key}`)
  },
  truncated(response, key) {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(`{"id":"1","note":${JSON.stringify(key)},"choices":[`)
  },
  'error-first'(response, key) {
    stream(response, key).end(errorEvent(response, key))
  },
  'error-later'(response, key) {
    stream(response, key).write(TOKEN)
    response.end(errorEvent(response, key))
  },
  die(response, key) {
    stream(response, key).write(TOKEN)
    response.socket?.destroySoon()
  },
  hang: (response, key) => void stream(response, key).write(TOKEN),
  nonsense(response, key) {
    response.socket?.end(`HTTP/1.1 what ${key}\r\n\r\n${key}`)
  },
  'bad-header'(response, key) {
    response.socket?.end(`HTTP/1.1 200 OK\r\nx-key ${key}\r\n\r\n${key}`)
  },
  reset: response => void response.socket?.resetAndDestroy(),
}

export const TELLTALE_WAYS = Object.keys(WAYS)

const CHAT = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
}
/** Ways that say 200: outside of the endpoints that generate text, such an answer passes as it is. */
export const WELL_SAID = new Set(['ok', 'html', 'truncated', 'error-first', 'error-later', 'die'])

const TOKEN = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'Hi' } }] })}\n\n`

/** An upstream that tells the key it was shown in all it says. */
export interface Telltale {
  readonly port: number
  /** Everything it was sent. */
  readonly received: string[]
  readonly keys: Set<string>
  close(): Promise<void>
}

export async function startTelltale(): Promise<Telltale> {
  const received: string[] = []
  const keys = new Set<string>()
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', chunk => {
      body += chunk
    })
    request.on('end', () => {
      const key = keyOf(request)
      keys.add(key)
      received.push(`${request.url} ${request.rawHeaders.join(' ')} ${body}`)
      const way = /tell-([a-z0-9-]+)/.exec(`${request.url} ${body}`)?.[1] ?? 'ok'
      WAYS[way]?.(response, key)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    received,
    keys,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function keyOf({ headers }: IncomingMessage): string {
  const given = headers['x-api-key'] ?? headers['x-goog-api-key'] ?? headers.authorization ?? ''
  return String(given).replace(/^Bearer /, '')
}

function refusal(key: string, code: string): unknown {
  const message = `Incorrect API key provided: ${key}. Bearer ${encodeURIComponent(key)}`
  return { error: { message, type: code, param: key, code } }
}

/** In the words of the API that was called. */
function errorEvent({ req }: ServerResponse, key: string): string {
  const message = `Failed for ${key}`
  if (req.url?.includes('/messages')) {
    const error = { type: 'api_error', message }
    return `event: error\ndata: ${JSON.stringify({ type: 'error', error })}\n\n`
  }
  const error = req.url?.includes('/v1beta')
    ? { code: 500, message, status: 'INTERNAL' }
    : { message, type: 'server_error', param: null, code: null }
  return `data: ${JSON.stringify({ error })}\n\n`
}

function json(response: ServerResponse, status: number, key: string, body: unknown): void {
  response.writeHead(status, `Said ${key.replace(/[^\w-]/g, '')}`, {
    'content-type': 'application/json',
    'www-authenticate': `Bearer realm="${key}"`,
    'x-debug-key': key,
  })
  response.end(JSON.stringify(body))
}

function page(response: ServerResponse, status: number, key: string): void {
  response.writeHead(status, { 'content-type': 'text/html', 'x-debug-key': key })
  response.end(`<html><body>No luck with ${key}</body></html>`)
}

function stream(response: ServerResponse, key: string): ServerResponse {
  return response.writeHead(200, { 'content-type': 'text/event-stream', 'x-debug-key': key })
}
