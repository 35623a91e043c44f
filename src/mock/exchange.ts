import type { Hash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Clock } from '../base/clock.ts'
import { mask } from '../base/secret.ts'
import { type Answer, DONE, jsonAnswer } from './answer.ts'
import { askOf } from './ask.ts'
import { type Cut, Delivery } from './delivery.ts'
import { endpointOf } from './endpoint.ts'
import { rateLimits } from './rate-limit.ts'
import { REFUSALS, type Refusal, STREAM_ERROR } from './refusal.ts'
import { CREDENTIAL_HEADERS, type MockRequest } from './request.ts'

/** What all exchanges of one mock have in common. */
export interface Setting {
  readonly clock: Clock
  readonly rate: number
  readonly tokens: number
  readonly models: readonly string[]
  /** The events of every stream, where they are fixed. */
  readonly fixed: readonly Buffer[] | null
  /** The next number in [0, 1). */
  readonly chance: () => number
}

/** A request being answered; behaviours are made of its methods. */
export class Exchange {
  readonly request: MockRequest
  readonly #setting: Setting
  readonly #sequence: number
  readonly #digest: Hash | null
  readonly #response: ServerResponse
  /** The mock itself ended the connection: the client did not leave. */
  abandoned = false

  constructor(
    setting: Setting,
    sequence: number,
    request: MockRequest,
    digest: Hash | null,
    response: ServerResponse,
  ) {
    this.#setting = setting
    this.#sequence = sequence
    this.request = request
    this.#digest = digest
    this.#response = response
  }

  /** The proper answer, or the part of it before the cut. */
  answer(cut: Cut | null = null): void {
    const answer = this.#properAnswer()
    if (answer === null) return
    if (cut?.ending === 'die') this.abandoned = true
    if (answer.events) this.#stream(answer.events(), cut)
    else if (cut) this.#pieces(answer.json(), cut)
    else this.whole(200, 'application/json', answer.json())
  }

  answerAsJson(): void {
    const answer = this.#properAnswer()
    if (answer) this.whole(200, 'application/json', answer.json())
  }

  halfJson(): void {
    const json = this.#properAnswer()?.json()
    if (json) this.whole(200, 'application/json', json.slice(0, json.length >> 1))
  }

  /** A stream that turns into an error; without a stream a 200 that holds an error, as OpenRouter has it. */
  answerWithError(events: number): void {
    const answer = this.#properAnswer()
    if (answer === null) return
    if (!answer.events) {
      this.whole(200, 'application/json', JSON.stringify({ error: STREAM_ERROR }))
      return
    }
    this.#stream(untilError(answer, answer.events(), events), null)
  }

  refuse(refusal: Refusal, retryAfter = 0): void {
    const body = refusal.body(this.request.key, this.#modelAsked())
    this.whole(refusal.status, 'application/json', JSON.stringify(body), retryAfter)
  }

  html(): void {
    const page = '<!doctype html><title>Welcome</title><h1>This is not the API</h1>\n'
    this.whole(200, 'text/html; charset=utf-8', page)
  }

  /** A complete answer. */
  whole(status: number, type: string, text: string, retryAfter = 0): void {
    const body = Buffer.from(text)
    const headers = this.#headers(type, status, retryAfter)
    headers.push('content-length', String(body.length))
    this.#response.writeHead(status, headers).end(body)
  }

  later(ms: number, call: () => void): void {
    const timer = this.#setting.clock.after(ms, call)
    this.#response.once('close', () => timer.stop())
  }

  die(): void {
    this.abandoned = true
    this.#response.socket?.destroy()
  }

  reset(): void {
    this.abandoned = true
    this.#response.socket?.resetAndDestroy()
  }

  chance(): number {
    return this.#setting.chance()
  }

  /** Null where the request was refused for what it is. */
  #properAnswer(): Answer | null {
    const { method, url } = this.request
    const [path = ''] = url.split('?', 1)
    const endpoint = endpointOf(method, path)
    if (endpoint === null) return this.#echo(path)
    const ask = askOf(this.request, {
      sequence: this.#sequence,
      wall: this.#setting.clock.wall(),
      tokens: this.#setting.tokens,
    })
    const answer = ask === null ? null : endpoint(ask, this.#setting.models)
    if (answer === null) this.refuse(ask === null ? REFUSALS['400'] : REFUSALS['404'])
    const { fixed } = this.#setting
    return answer?.events && fixed ? { ...answer, events: () => fixed } : answer
  }

  #echo(path: string): Answer {
    const { method, url, bytes } = this.request
    return jsonAnswer({
      method,
      path,
      query: url.slice(path.length + 1),
      headers: shown(this.request.rawHeaders),
      body_sha256: this.#digest?.digest('hex') ?? null,
      body_bytes: bytes,
    })
  }

  #stream(events: Iterable<string | Buffer>, cut: Cut | null): void {
    const headers = this.#headers('text/event-stream; charset=utf-8', 200, 0)
    headers.push('cache-control', 'no-cache')
    this.#response.writeHead(200, headers)
    new Delivery(this.#response, events, this.#setting, cut).start()
  }

  #pieces(json: string, cut: Cut): void {
    const body = Buffer.from(json)
    const headers = this.#headers('application/json', 200, 0)
    // An answer that ends early as if complete can not have said how long it would be.
    if (cut.ending !== 'end') headers.push('content-length', String(body.length))
    this.#response.writeHead(200, headers)
    new Delivery(this.#response, slices(body), { clock: this.#setting.clock, rate: 0 }, cut).start()
  }

  #headers(type: string, status: number, retryAfter: number): string[] {
    const headers = [
      'content-type',
      type,
      'x-request-id',
      `req_mock${this.#sequence.toString(36).padStart(12, '0')}`,
      'openai-version',
      '2020-10-01',
      'openai-processing-ms',
      String(5 + (this.#sequence % 10)),
    ]
    return headers.concat(rateLimits(this.#sequence, status === 429, retryAfter))
  }

  #modelAsked(): string {
    const ask = askOf(this.request, { sequence: 0, wall: 0, tokens: 0 })
    return ask?.model || 'unknown'
  }
}

function* untilError(
  answer: Answer,
  events: Iterable<string | Buffer>,
  count: number,
): Iterable<string | Buffer> {
  let sent = 0
  for (const event of events) {
    if (sent++ === count || event === DONE) break
    yield event
  }
  yield answer.errorEvent(STREAM_ERROR)
}

function* slices(body: Buffer): Iterable<Buffer> {
  for (let at = 0; at < body.length; at += SLICE) yield body.subarray(at, at + SLICE)
}

const SLICE = 64

/** Headers as an echo shows them: a gateway's key must not come back to its client. */
function shown(rawHeaders: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null)
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase()
    const given = rawHeaders[at + 1] as string
    const value = CREDENTIAL_HEADERS.has(name) ? mask(given.replace(/^bearer /i, '')) : given
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value
  }
  return headers
}
