import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { type Dispatcher, errors } from 'undici'
import type { Headers, Tap } from '../model/dialect.ts'
import { Downflow } from './downflow.ts'
import type { Flows } from './flows.ts'
import type { Ending, Guide, Handling, Treatment } from './guide.ts'
import { readHeaders } from './headers.ts'
import { watchReuse } from './reuse.ts'

/** An event stream is committed once this much of it is held, meaningful or not. */
const MOST_HELD_STREAM = 64 * 1_024
/** A JSON answer longer than this is relayed before its end is seen. */
const MOST_HELD_DOCUMENT = 1_024 * 1_024
/** So many headers no answer has that a client could read. */
const MOST_HEADERS = 256
/** Up to here a copy costs less than a second buffer to write. */
const SHORT_DOCUMENT = 8_192

/**
 * Carries one upstream answer to the client: an undici dispatch handler with fixed fields.
 * Before the commit everything is held, so that the attempt can still be given up; after it every
 * chunk goes down as it came, at the pace the client reads.
 */
export class Relay implements Dispatcher.DispatchHandler {
  readonly #guide: Guide
  readonly #client: ServerResponse
  #controller: Dispatcher.DispatchController | null = null
  #handling: Handling = 'judge'
  /** The answer is over, but for what is kept back of it. */
  #finishing = false

  status = 0
  headers: Headers = {}
  rawHeaders: readonly Buffer[] = []
  tap: Tap | null = null
  readonly down: Downflow
  held: Buffer[] = []
  heldBytes = 0
  committed = false
  /** Something worth waiting for was said. */
  meaningful = false
  ended = false
  /** Set by every sign of life from the upstream; whoever watches clears it. */
  lively = false
  /** There is a connection, and the request is on it. */
  sent = false
  /** It was sent on a connection that others were sent on before. */
  reused = false
  /** What undici, or {@link abort}, said was wrong. */
  error: Error | null = null

  constructor(guide: Guide, client: ServerResponse, flows: Flows) {
    this.#guide = guide
    this.#client = client
    this.down = new Downflow(client, flows)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.down.from(controller)
    this.sent = true
    watchReuse(this)
    // The client left, or time ran out, while the connection was being made.
    if (this.ended) controller.abort(this.error ?? new Error('aborted'))
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (this.ended || status < 200) return
    this.lively = true
    this.status = status
    this.rawHeaders = (controller.rawHeaders ?? []) as Buffer[]
    this.headers = readHeaders(headers)
    if (this.rawHeaders.length > 2 * MOST_HEADERS) {
      this.abort(new errors.HeadersOverflowError())
      return
    }
    this.#treat(this.#guide.onHead(status, this.headers))
  }

  #treat({ handling, tap }: Treatment): void {
    this.#handling = handling
    this.tap = tap
    if (handling === 'pass') this.commit()
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.ended) return
    this.lively = true
    if (this.#handling === 'sniff') this.#treat(this.#guide.onFirst(chunk, this))
    const { tap } = this
    if (tap === null) this.#give(chunk)
    else this.#tapped(chunk, tap)
  }

  #tapped(chunk: Buffer, tap: Tap): void {
    tap.push(chunk)
    if (!this.meaningful && tap.meaningful) {
      this.meaningful = true
      this.#guide.onToken(this)
    }
    const { excess } = tap
    const due = excess === 0 ? chunk : chunk.subarray(0, chunk.length - excess)
    // What the upstream says of a failure may hold the key that failed.
    this.#give(tap.failure ? this.#guide.mask(due) : due)
    if (excess > 0 || (tap.failure && this.committed && this.streams)) this.#cutOff()
  }

  #give(chunk: Buffer): void {
    if (this.committed) this.down.write(chunk)
    else this.#hold(chunk)
  }

  /** Whatever the upstream says after its last word is not part of the answer. */
  #cutOff(): void {
    if (!this.ended) this.#finish()
    this.#controller?.abort(new Error('the upstream went on after the end of its answer'))
  }

  onResponseEnd(): void {
    if (this.ended) return
    this.lively = true
    this.tap?.end()
    if (this.committed) this.#finish()
    else if (this.#isRefusal) this.#end('refused')
    else if (this.tap === null || this.tap.terminated) this.#finish()
    else this.#end('failed')
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.ended || this.#finishing) return
    this.error = error
    this.#breakOff()
  }

  #breakOff(): void {
    this.tap?.end()
    if (this.#isOver) this.#finish()
    else this.#end(this.committed ? 'broken' : 'failed')
  }

  /** A stream that said itself that it is complete is so, however its connection ends. */
  get #isOver(): boolean {
    return this.streams && this.tap?.terminated === true && this.tap.failure === null
  }

  get #isRefusal(): boolean {
    return this.#handling === 'judge' || this.#handling === 'sniff' || Boolean(this.tap?.failure)
  }

  /** Sends what is held and everything after it; no other attempt can follow. */
  commit(): void {
    if (this.committed || this.ended) return
    this.committed = true
    this.#guide.onCommit(this)
    const { held } = this
    this.held = []
    this.heldBytes = 0
    for (const chunk of held) this.down.write(chunk)
  }

  /** Gives the attempt up for this reason: time, or a better use of the request. */
  abort(reason: Error): void {
    if (this.ended) return
    this.error = reason
    this.#breakOff()
    this.#controller?.abort(reason)
  }

  /** The client left: nothing more is worth fetching. */
  leave(): void {
    if (this.ended) return
    this.error = new Error('client left')
    this.#end('gone')
    this.#controller?.abort(this.error)
  }

  /** From here on nothing goes down until this has resolved; it never rejects. */
  wait(until: Promise<void>): void {
    this.down.wait(until, () => {
      if (this.#finishing) this.#finish()
    })
  }

  /** Whether the answer is an event stream whose end can be told truthfully. */
  get streams(): boolean {
    return this.#handling === 'stream'
  }

  #hold(chunk: Buffer): void {
    this.held.push(chunk)
    this.heldBytes += chunk.length
    if (this.#handling === 'stream') {
      if (this.tap?.failure && !this.meaningful) this.#refuse()
      else if (this.meaningful || this.heldBytes > MOST_HELD_STREAM) this.commit()
    } else if (this.heldBytes > MOST_HELD_DOCUMENT) this.commit()
  }

  /** The stream's first word is an error: it is classified instead of relayed. */
  #refuse(): void {
    this.#end('refused')
    this.#controller?.abort(new Error('the stream began with an error'))
  }

  #finish(): void {
    this.#finishing = this.down.gated
    if (this.#finishing) return
    if (this.committed && this.#handling === 'stream' && !this.tap?.terminated) {
      this.#end('broken')
      return
    }
    const last = this.committed ? undefined : this.held.pop()
    this.commit()
    if (last === undefined) this.#client.end()
    else this.#endWith(last)
    this.#end('complete')
  }

  #endWith(chunk: Buffer): void {
    this.down.bytes += chunk.length
    // Node joins the head and a short text into one piece to write; latin1 keeps every byte.
    if (chunk.length > SHORT_DOCUMENT) this.#client.end(chunk)
    else this.#client.end(chunk.toString('latin1'), 'latin1')
  }

  #end(ending: Ending): void {
    this.ended = true
    this.down.over = true
    this.#guide.onEnd(this, ending)
  }
}
