import type { MockRequest } from './request.ts'

/** A request understood, and what its answer is made of. */
export interface Ask {
  readonly request: MockRequest
  /** The JSON body. */
  readonly body: Readonly<Record<string, unknown>>
  readonly model: string
  /** Part of every id in the answer; different for each request. */
  readonly id: string
  /** Seconds since the epoch. */
  readonly created: number
  readonly promptTokens: number
  readonly completionTokens: number
  /** Fewer tokens than the model had to say: the request's own limit cut it. */
  readonly limited: boolean
}

/** A proper answer: the JSON of it, and its events where a stream was asked for. */
export interface Answer {
  json(): string
  readonly events: (() => Iterable<string | Buffer>) | null
  /** An error as an event of this API's streams. */
  errorEvent(error: object): string
}

/** `data: …` as every OpenAI stream but that of responses has it. */
export function dataEvent(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`
}

export const DONE = 'data: [DONE]\n\n'

/** An answer that is never streamed. */
export function jsonAnswer(value: unknown): Answer {
  return { json: () => JSON.stringify(value), events: null, errorEvent }
}

export function errorEvent(error: object): string {
  return dataEvent({ error })
}
