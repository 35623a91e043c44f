import type { AttemptRecord, ExchangeRecord } from '../../src/model/record.ts'
import { exchange, NOON } from '../cli/exchange.ts'

/** A record of a chat at the simulated provider, answered at the first try; no tokens are known. */
export function record(change: Partial<ExchangeRecord> = {}): ExchangeRecord {
  return exchange('r1', {
    provider: 'mock',
    model: 'mock-large',
    stream: false,
    bytesIn: 100,
    bytesOut: 1_000,
    firstTokenMs: null,
    promptTokens: null,
    cachedTokens: null,
    completionTokens: null,
    ...change,
  })
}

/** A failed attempt there. */
export function failed(fault: string, change: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    time: NOON,
    attempt: 1,
    provider: 'mock',
    keyId: 'k_1',
    model: 'mock-large',
    status: 500,
    fault,
    code: fault,
    excerpt: '',
    ms: 5,
    ...change,
  }
}
