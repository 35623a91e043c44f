import { printable } from '../base/text.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'

/** Writes the exchange down and gives back what it had claimed, whatever its end was. */
export function account(exchange: Exchange, gateway: Gateway): void {
  gateway.heldBytes -= exchange.heldBytes
  exchange.token?.caller.leave()
  exchange.attempt = null
  exchange.accounted = true
  gateway.requests++
  const now = gateway.clock.now()
  const status = exchange.left ? 499 : exchange.status
  if (status >= 400 || exchange.errorCode !== null) gateway.errors++
  const { usage } = exchange
  gateway.ledger.add({
    time: exchange.startedWall,
    requestId: exchange.requestId,
    token: exchange.token?.name ?? null,
    provider: exchange.provider?.name ?? null,
    keyId: exchange.keyId,
    model: exchange.model,
    modelServed: exchange.served ?? exchange.model,
    method: exchange.method,
    path: printable(exchange.path),
    status,
    outcome: exchange.left ? 'gone' : exchange.outcome || exchange.errorCode || 'ok',
    attempts: exchange.attempts,
    stream: exchange.stream,
    bytesIn: exchange.bytesIn,
    bytesOut: exchange.bytesOut,
    firstByteMs: since(exchange.firstByteAt, exchange),
    firstTokenMs: since(exchange.firstTokenAt, exchange),
    ms: Math.round(now - exchange.startedAt),
    promptTokens: usage.prompt,
    cachedTokens: usage.cached,
    completionTokens: usage.completion,
    reasoningTokens: usage.reasoning,
    errorCode: exchange.left ? 'client_closed' : exchange.errorCode,
    failures: exchange.failures,
  })
}

function since(at: number, { startedAt }: Exchange): number | null {
  return at === 0 ? null : Math.round(at - startedAt)
}
