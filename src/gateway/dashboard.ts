import type { IncomingMessage, ServerResponse } from 'node:http'
import { BalanceError } from '../base/errors.ts'
import type { Gateway } from './gateway.ts'

/** Answers a request for the dashboard: the daemon itself, or a worker's way to it. Never throws. */
export type Dashboard = (request: IncomingMessage, response: ServerResponse) => void

/** Of every answer below `/admin`: nothing is kept, framed, sniffed, told to others, or run from elsewhere. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** Whether a target of a request is the dashboard's, its pages' or its API's. */
export function asksForDashboard(target: string): boolean {
  return /^\/admin(?:[/?]|$)/.test(target)
}

/** Hands the request to the dashboard. No exchange: it is not accounted, and holds up no drain. */
export function showDashboard(
  gateway: Gateway,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { dashboard, draining, holder } = gateway
  if (draining) response.shouldKeepAlive = false
  if (draining || holder.current === null) {
    refuseDashboard(response, new BalanceError('overloaded', 'The gateway is not serving now.'))
  } else if (dashboard === null || !holder.current.settings.dashboard) {
    refuseDashboard(
      response,
      new BalanceError('not_found', 'The dashboard is switched off.', {
        hint: 'balance config set dashboard on',
      }),
    )
  } else dashboard(request, response)
}

type Refusal = Pick<BalanceError, 'code' | 'message' | 'hint' | 'status' | 'retryAfter'>

/** An error as the dashboard's API tells it; where an answer has begun, its end. */
export function refuseDashboard(
  response: ServerResponse,
  { code, message, hint, status, retryAfter }: Refusal,
): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const error = { code, message, ...(hint === null ? {} : { hint }) }
  const body = `${JSON.stringify({ error })}\n`
  const wait = retryAfter ?? (status === 503 ? 1_000 : null)
  response.writeHead(status, {
    ...PAGE_HEADERS,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...(wait === null ? {} : { 'retry-after': String(Math.ceil(wait / 1_000)) }),
  })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}
