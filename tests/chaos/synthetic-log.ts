import { setImmediate as turn } from 'node:timers/promises'
import type { AttemptRecord, ExchangeRecord } from '../../src/model/record.ts'
import type { Store } from '../../src/model/store.ts'

export const DAYS = 30
const DAY = 86_400_000
const BATCH = 500

export const PROVIDERS = ['openai', 'anthropic', 'gemini', 'groq', 'local']
const KEYS = Array.from({ length: 50 }, (_, n) => `k_${String(n).padStart(10, '0')}`)
const TOKENS = 40
const MODELS = 60
/** One of so many requests fails. */
const FAILS = 30

const EXCERPT = JSON.stringify({
  error: { message: `Rate limit reached: ${'please try again later. '.repeat(8)}`, code: 'rate' },
})

/**
 * Writes what a month of traffic leaves, oldest first; other work gets its turns meanwhile.
 * @param keys the ids of those that served it
 */
export async function writeLog(
  store: Store,
  rows: number,
  now: number,
  keys: readonly string[] = KEYS,
): Promise<void> {
  for (let first = 0; first < rows; first += BATCH) {
    const size = Math.min(BATCH, rows - first)
    const batch = Array.from({ length: size }, (_, n) => {
      const number = first + n
      return exchangeOf(number, now - DAYS * DAY * (1 - number / rows), keys)
    })
    await store.record(batch, 'host:1')
    await turn()
  }
}

/** Different in all that is asked by; request ids have no order, as those that clients choose. */
function exchangeOf(number: number, time: number, keys: readonly string[]): ExchangeRecord {
  const chance = scrambled(number)
  const failed = chance % FAILS === 0
  const provider = PROVIDERS[chance % PROVIDERS.length] as string
  const keyId = keys[chance % keys.length] as string
  const model = `model-${(chance >>> 8) % MODELS}`
  return {
    time: Math.floor(time),
    requestId: `${chance.toString(16).padStart(8, '0')}-${number.toString(36)}`,
    token: `token-${(chance >>> 4) % TOKENS}`,
    provider,
    keyId,
    model,
    modelServed: model,
    method: 'POST',
    path: '/v1/chat/completions',
    status: failed ? 429 : 200,
    outcome: failed ? 'rate' : 'ok',
    attempts: 1,
    stream: chance % 2 === 0,
    bytesIn: 500 + (chance % 5_000),
    bytesOut: 1_000 + (chance % 20_000),
    firstByteMs: 200,
    firstTokenMs: 300,
    ms: 500 + (chance % 3_000),
    promptTokens: chance % 4_000,
    cachedTokens: 0,
    completionTokens: chance % 900,
    reasoningTokens: null,
    errorCode: failed ? 'rate_limit_exceeded' : null,
    failures: failed ? [failureOf(provider, keyId, model, Math.floor(time))] : [],
  }
}

function failureOf(provider: string, keyId: string, model: string, time: number): AttemptRecord {
  return {
    ...{ time, attempt: 1, provider, keyId, model, status: 429, fault: 'rate' },
    ...{ code: 'rate_limit_exceeded', excerpt: EXCERPT, ms: 120 },
  }
}

/** The same for the same number, and not in its order (a step of the mulberry32 generator). */
function scrambled(number: number): number {
  let bits = Math.imul(number + 0x6d2b79f5, 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 15), bits | 1)
  return (bits ^ (bits >>> 14)) >>> 0
}
