import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Gateway } from './gateway.ts'
import { isLocal } from './local-caller.ts'

/**
 * Answers the health paths, open to everybody: `/livez` (the process runs), `/readyz` and `/health`
 * (it may get traffic: a config is in force and it is not draining). A store in trouble does not
 * make it unready, for requests are served without one; `?verbose` shows it to callers on this host.
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
  else {
    const status = readiness(gateway)
    const verbose = mark !== -1 && new URLSearchParams(url.slice(mark)).has('verbose')
    const body = verbose && isLocal(request) ? { status, checks: checks(gateway) } : { status }
    send(request, response, status === 'ok' ? 200 : 503, body)
  }
  return true
}

function readiness({ draining, holder }: Gateway): string {
  if (draining) return 'draining'
  return holder.current === null ? 'starting' : 'ok'
}

/** Each part by itself; what the owner has not told yet is left out. */
function checks({ holder, exchanges, starts, owner }: Gateway) {
  const pending = owner?.pending ?? null
  return {
    config: { ok: pending === null, revision: holder.current?.revision ?? null, pending },
    requests: { in_flight: exchanges.size, waiting: starts.waiting },
    ...(owner === null ? {} : { store: owner.store, records: owner.records }),
  }
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
