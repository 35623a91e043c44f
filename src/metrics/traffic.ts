import { Counter, Histogram, type Registry } from 'prom-client'
import type { Route } from '../model/catalog.ts'
import type { ExchangeRecord } from '../model/record.ts'
import { EndpointLabels } from './endpoint-labels.ts'
import { ModelLabels } from './model-labels.ts'
import { newSum, type Sum } from './sum.ts'

/** Seconds, from an answer out of a cache to the longest reasoning: two or three to each power of ten. */
const SECONDS = [
  0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600,
] as const

/** What was served, counted from the same records that are written to the log. */
export class Traffic {
  readonly #models: ModelLabels
  readonly #endpoints = new EndpointLabels()
  /** The library's counters cost a multiple of these sums: one look-up is made for all of a record. */
  readonly #sums = new Map<string, Sum>()
  readonly #requests
  readonly #attempts
  readonly #duration
  readonly #firstToken
  readonly #tokens
  readonly #received
  readonly #sent

  constructor(registry: Registry, routes: () => readonly Route[]) {
    this.#models = new ModelLabels(routes)
    const registers = [registry]
    this.#requests = new Counter({
      name: 'balance_requests_total',
      help: 'Requests that ended. code is what the client saw, 499 where it left first; outcome is ok, the fault of the last attempt, or an error code.',
      labelNames: ['provider', 'model', 'endpoint', 'code', 'outcome'],
      registers,
    })
    this.#attempts = new Counter({
      name: 'balance_attempts_total',
      help: 'Tries at a key of a provider, several for some requests. fault is none for those that worked.',
      labelNames: ['provider', 'fault'],
      registers,
    })
    this.#duration = new Histogram({
      name: 'balance_request_duration_seconds',
      help: 'From the arrival of a request to the end of its answer, refused ones included.',
      labelNames: ['provider', 'endpoint'],
      buckets: [...SECONDS],
      registers,
    })
    this.#firstToken = new Histogram({
      name: 'balance_time_to_first_token_seconds',
      help: 'From the arrival of a request to the first meaningful event of its stream.',
      labelNames: ['provider', 'endpoint'],
      buckets: [...SECONDS],
      registers,
    })
    this.#tokens = new Counter({
      name: 'balance_tokens_total',
      help: 'Tokens as providers counted them. cached is a part of prompt, reasoning a part of completion.',
      labelNames: ['provider', 'model', 'type'],
      registers,
    })
    this.#received = new Counter({
      name: 'balance_request_body_bytes_total',
      help: 'Bytes of request bodies taken from clients.',
      labelNames: ['provider'],
      registers,
    })
    this.#sent = new Counter({
      name: 'balance_response_body_bytes_total',
      help: 'Bytes of answers given to clients.',
      labelNames: ['provider'],
      registers,
    })
  }

  /** Costs little: counters are brought up to date by {@link settle} only. */
  add(batch: readonly ExchangeRecord[]): void {
    for (const record of batch) this.#add(record)
  }

  #add(record: ExchangeRecord): void {
    const sum = this.#sumOf(record)
    const { provider, endpoint } = sum
    sum.requests++
    sum.received += record.bytesIn
    sum.sent += record.bytesOut
    sum.prompt += record.promptTokens ?? 0
    sum.cached += record.cachedTokens ?? 0
    sum.completion += record.completionTokens ?? 0
    sum.reasoning += record.reasoningTokens ?? 0
    // All that failed are in the record; what is left has worked.
    sum.worked += record.attempts - record.failures.length
    for (const { provider, fault } of record.failures) this.#attempts.inc({ provider, fault })
    this.#duration.observe({ provider, endpoint }, record.ms / 1_000)
    if (record.firstTokenMs !== null) {
      this.#firstToken.observe({ provider, endpoint }, record.firstTokenMs / 1_000)
    }
  }

  #sumOf(record: ExchangeRecord): Sum {
    const { method, path, status, outcome } = record
    const provider = record.provider ?? ''
    const model = this.#models.of(record.model, outcome === 'ok' && status < 400)
    const endpoint = this.#endpoints.of(method, path)
    const name = `${provider} ${endpoint} ${status} ${outcome} ${model}`
    const known = this.#sums.get(name)
    if (known !== undefined) return known
    const sum = newSum(provider, model, endpoint, String(status), outcome)
    this.#sums.set(name, sum)
    return sum
  }

  /** Adds what was summed up since the last time; to be called before the registry is read. */
  settle(): void {
    for (const sum of this.#sums.values()) this.#settle(sum)
    this.#sums.clear()
  }

  #settle(sum: Sum): void {
    const { provider, model, endpoint, code, outcome } = sum
    this.#requests.inc({ provider, model, endpoint, code, outcome }, sum.requests)
    if (sum.worked > 0) this.#attempts.inc({ provider, fault: 'none' }, sum.worked)
    for (const type of ['prompt', 'cached', 'completion', 'reasoning'] as const) {
      if (sum[type] > 0) this.#tokens.inc({ provider, model, type }, sum[type])
    }
    this.#received.inc({ provider }, sum.received)
    this.#sent.inc({ provider }, sum.sent)
  }
}
