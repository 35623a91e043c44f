import type { ServerResponse } from 'node:http'
import { type BalanceError, CATALOGUE } from '../../base/errors.ts'
import { PAGE_HEADERS, refuseDashboard } from '../../gateway/dashboard.ts'

export function sendJson(response: ServerResponse, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`
  response.writeHead(200, {
    ...PAGE_HEADERS,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(response.req.method === 'HEAD' ? undefined : text)
}

/** A page of one sentence, for who is not served by the pages themselves. */
export function sendNotice(response: ServerResponse, status: number, text: string): void {
  const page = `<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Balance</title><p>${text}</p></html>\n`
  response.writeHead(status, {
    ...PAGE_HEADERS,
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(page),
  })
  response.end(response.req.method === 'HEAD' ? undefined : page)
}

export function redirect(response: ServerResponse, status: 303 | 308, location: string): void {
  response.writeHead(status, { ...PAGE_HEADERS, location, 'content-length': 0 })
  response.end()
}

/** An error in the API's form. Those that commands alone show have a status here too. */
export function sendError(response: ServerResponse, error: BalanceError): void {
  // Else the rest of the request is read, so that the answer is not lost with the connection.
  if (error.code === 'request_timeout') response.shouldKeepAlive = false
  const { code, message, hint, retryAfter } = error
  refuseDashboard(response, { code, message, hint, retryAfter, status: statusOf(error) })
}

function statusOf({ code, status }: BalanceError): number {
  if (status > 0) return status
  return CONFLICTS.has(code) ? 409 : (BY_EXIT[CATALOGUE[code].exit] ?? 500)
}

const CONFLICTS: ReadonlySet<string> = new Set(['failed', 'in_use', 'name_taken', 'stale_plan'])
/** By the exit code of a command that ends so. */
const BY_EXIT: Readonly<Record<number, number>> = { 1: 503, 2: 400, 3: 404, 4: 403, 69: 503 }
