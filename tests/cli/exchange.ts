import type { ExchangeRecord } from '../../src/model/record.ts'

export const NOON = Date.UTC(2026, 0, 31, 12)

/** What a daemon writes down of a request that went well. */
export function exchange(requestId: string, change: Partial<ExchangeRecord> = {}): ExchangeRecord {
  return {
    time: NOON,
    requestId,
    token: 'laptop',
    provider: 'openai',
    keyId: 'k_0000000001',
    model: 'gpt-4o',
    modelServed: 'gpt-4o-2024',
    method: 'POST',
    path: '/v1/chat/completions',
    status: 200,
    outcome: 'ok',
    attempts: 1,
    stream: true,
    bytesIn: 120,
    bytesOut: 4_800,
    firstByteMs: 80,
    firstTokenMs: 95,
    ms: 812,
    promptTokens: 12,
    cachedTokens: 4,
    completionTokens: 48,
    reasoningTokens: null,
    errorCode: null,
    failures: [],
    ...change,
  }
}
