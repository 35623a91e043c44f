import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import type { Clock, Timer } from '../base/clock.ts'
import type { Headers } from '../model/dialect.ts'
import type { Agents } from './agents.ts'
import { dispatch, type UpstreamRequest } from './dispatch.ts'
import { AttemptTimeout } from './fault.ts'
import { readHeaders } from './headers.ts'

/** The longest body that is read. */
const MOST_BYTES = 8 * 1_024 * 1_024

export interface WholeAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Buffer
}

/** The answer is longer than anything that was asked for can be. */
export class AnswerTooLarge extends Error {
  readonly code = 'answer_too_large'
}

export interface Patience {
  readonly clock: Clock
  /** From dispatch to the last byte of the answer, ms. */
  readonly ms: number
  /** Gives the request up. */
  readonly signal?: AbortSignal
}

/**
 * Sends one small request and reads its answer whole, for what the gateway itself wants to know.
 * Redirects are answers, and not followed: they would carry the credential elsewhere.
 * @returns the answer whatever its status, or why there is none; it never rejects. The reason is
 * an error of the transport's, an {@link AttemptTimeout}, an {@link AnswerTooLarge}, or the signal's.
 */
export function readWhole(
  agents: Agents,
  request: UpstreamRequest,
  patience: Patience,
): Promise<WholeAnswer | Error> {
  return new Promise(resolve => {
    const reader = new Reader(patience, resolve)
    if (reader.ended) return
    dispatch(agents, request, reader)
  })
}

/** Gathers one answer. */
class Reader implements Dispatcher.DispatchHandler {
  ended = false
  readonly #resolve: (answer: WholeAnswer | Error) => void
  readonly #deadline: Timer
  readonly #signal: AbortSignal | undefined
  readonly #onAbort = () => this.#giveUp(reasonOf(this.#signal))
  #controller: Dispatcher.DispatchController | null = null
  #error: Error | null = null
  #status = 0
  #headers: Headers = {}
  #chunks: Buffer[] = []
  #bytes = 0

  constructor({ clock, ms, signal }: Patience, resolve: (answer: WholeAnswer | Error) => void) {
    this.#resolve = resolve
    this.#signal = signal
    this.#deadline = clock.after(ms, () =>
      this.#giveUp(new AttemptTimeout('upstream_timeout', 'No answer came in time.')),
    )
    signal?.addEventListener('abort', this.#onAbort)
    if (signal?.aborted) this.#onAbort()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // Given up while the connection was being made.
    if (this.#error !== null) controller.abort(this.#error)
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200) return
    this.#status = status
    this.#headers = readHeaders(headers)
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes > MOST_BYTES) {
      this.#giveUp(new AnswerTooLarge('The answer of the upstream is longer than 8 MiB.'))
    } else if (!this.ended) this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    this.#end({ status: this.#status, headers: this.#headers, body: Buffer.concat(this.#chunks) })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#end(error)
  }

  #giveUp(reason: Error): void {
    if (this.ended) return
    this.#error = reason
    this.#end(reason)
    this.#controller?.abort(reason)
  }

  #end(answer: WholeAnswer | Error): void {
    if (this.ended) return
    this.ended = true
    this.#deadline.stop()
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#resolve(answer)
  }
}

function reasonOf(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new Error('given up')
}
