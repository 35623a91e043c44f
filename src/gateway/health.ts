import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Gateway } from './gateway.ts'

/**
 * Answers the health paths, open to everybody and free of detail: `/livez` (the process runs),
 * `/readyz` and `/health` (it may get traffic: a config is in force and it is not draining).
 * @returns false for any other path
 */
export function answerHealth(
  gateway: Gateway,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const { url = '/' } = request
  const mark = url.indexOf('?')
  const path = mark === -1 ? url : url.slice(0, mark)
  if (path !== '/livez' && path !== '/readyz' && path !== '/health') return false
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    send(request, response, 405, { status: 'method_not_allowed' })
  } else if (path === '/livez') send(request, response, 200, { status: 'ok' })
  else if (gateway.draining) send(request, response, 503, { status: 'draining' })
  else if (gateway.holder.current === null) send(request, response, 503, { status: 'starting' })
  else send(request, response, 200, { status: 'ok' })
  return true
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: unknown,
): void {
  const text = `${JSON.stringify(body)}\n`
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  })
  response.end(request.method === 'HEAD' ? undefined : text)
}
