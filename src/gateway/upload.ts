import { Readable } from 'node:stream'
import { BalanceError } from '../base/errors.ts'
import type { FormScan } from '../wire/multipart.ts'
import { splice } from '../wire/scan.ts'
import { left, overBudget, proceed, tooLarge } from './body-refusal.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { dependsOnModel } from './route.ts'
import { Upflow } from './upflow.ts'

/**
 * A body that streams through once, with the client's own framing. It belongs to the first attempt that
 * asks for a byte of it; attempts that could make no connection leave it to the next.
 *
 * A form is held until its model has come (or that there is none), then streams on.
 */
export class Upload {
  /** Bytes of it went to an attempt: no other may follow. */
  begun = false
  /** All of it went up. */
  ended = false
  /** Set by every byte that goes up; whoever watches clears it. */
  lively = false
  readonly #exchange: Exchange
  readonly #gateway: Gateway
  readonly #form: FormScan | null
  readonly #flow: Upflow
  #held: Buffer[] = []
  #listening = false
  /** Where it goes, or whether, hangs on the model. */
  #dependent = true
  /** Nobody wants what still comes. */
  #over = false
  /** Why no more of it comes, though an attempt may ask for it still. */
  #failure: BalanceError | null = null
  #complete = false
  #stream: UploadStream | null = null
  #settle: ((error: BalanceError | null) => void) | null = null

  /** @param form null: it is not looked at */
  constructor(exchange: Exchange, gateway: Gateway, form: FormScan | null) {
    this.#exchange = exchange
    this.#gateway = gateway
    this.#form = form
    this.#flow = new Upflow(exchange.request, gateway.flows)
    exchange.onBroken = error => this.#fail(error)
  }

  /**
   * Resolves when it is known which model is asked for; null where that needs no waiting.
   * @throws BalanceError request_too_large or overloaded where a model that matters does not come in
   * time, invalid_body, client_closed; provider_not_found and the like where nobody serves any
   */
  findModel(): Promise<void> | null {
    if (this.#form === null) return null
    this.#dependent = dependsOnModel(this.#exchange)
    return new Promise((resolve, reject) => {
      this.#settle = error => {
        this.#settle = null
        this.#flow.pause()
        if (error === null) resolve()
        else reject(error)
      }
      this.#listen()
      this.#flow.resume()
    })
  }

  /** The client says nothing while the upstream would take more. */
  get starving(): boolean {
    return this.begun && !this.ended && !this.#exchange.request.isPaused()
  }

  /**
   * The length that goes up; null: none does, as none came.
   * @param model in the place of the client's; null: that stays
   */
  length(model: string | null): number | null {
    const length = this.#exchange.request.headers['content-length']
    if (length === undefined) return null
    const { modelStart, modelEnd } = this.#form ?? NO_MODEL
    if (model === null || modelStart === -1) return Number(length)
    return Number(length) - (modelEnd - modelStart) + Buffer.byteLength(model)
  }

  /** As one attempt sends it. */
  open(model: string | null): Readable {
    const { modelStart, modelEnd } = this.#form ?? NO_MODEL
    const replaced = model !== null && modelStart !== -1
    const pieces = replaced
      ? splice(this.#held, modelStart, modelEnd, Buffer.from(model))
      : [...this.#held]
    this.#stream = new UploadStream(this, pieces)
    return this.#stream
  }

  /** The attempt takes more. */
  pull(stream: UploadStream): void {
    if (this.#failure !== null) stream.destroy(this.#failure)
    if (this.#over || stream !== this.#stream) return
    this.begun = true
    this.lively = true
    this.#held = []
    const piece = stream.pieces.shift()
    if (piece !== undefined) stream.push(piece)
    else if (this.#complete) this.#finish(stream)
    else {
      this.#giveBack()
      this.#listen()
      this.#flow.resume()
    }
  }

  /** The attempt has ended. */
  drop(stream: UploadStream): void {
    if (stream !== this.#stream) return
    this.#stream = null
    if (!this.begun || this.ended) return
    this.#over = true
    this.#flow.pause()
  }

  /** No attempt follows: what still comes is nobody's. */
  close(): void {
    this.#over = true
  }

  #listen(): void {
    if (this.#listening) return
    this.#listening = true
    const { request } = this.#exchange
    proceed(this.#exchange)
    request.on('data', chunk => this.#take(chunk))
    request.on('end', () => this.#end())
    request.on('close', () => {
      if (!this.#complete) this.#settle?.(left())
    })
  }

  #take(chunk: Buffer): void {
    if (this.#over) return
    const { snapshot } = this.#exchange
    const { max_upload } = snapshot.settings
    this.#exchange.bytesIn += chunk.length
    this.#flow.took(chunk.length)
    if (this.#exchange.bytesIn > max_upload) this.#fail(tooLarge(max_upload, 'max_upload'))
    else if (this.#understand(chunk)) this.#pass(chunk)
  }

  #understand(chunk: Buffer): boolean {
    const form = this.#form
    if (form === null) return true
    form.push(chunk)
    if (form.problem !== null) this.#refuse(form.problem)
    this.#exchange.stream = form.stream
    // One that comes too late to be waited for is written down still.
    this.#exchange.model ??= form.model
    return form.problem === null
  }

  #pass(chunk: Buffer): void {
    if (this.#settle !== null) this.#hold(chunk)
    else {
      this.lively = true
      if (this.#stream?.push(chunk) === false) this.#flow.pause()
    }
  }

  #hold(chunk: Buffer): void {
    const { settings } = this.#exchange.snapshot
    this.#held.push(chunk)
    this.#exchange.heldBytes += chunk.length
    this.#gateway.heldBytes += chunk.length
    if (this.#form?.model !== null || this.#form.closed) this.#settle?.(null)
    else if (this.#exchange.heldBytes > settings.max_body) {
      this.#goWithout(tooLarge(settings.max_body, 'max_body', AFTER_MODEL))
    } else if (this.#gateway.heldBytes > settings.body_budget) this.#goWithout(overBudget())
  }

  /** No more can be held, and no model has come: where it could matter, nothing goes up without. */
  #goWithout(refusal: BalanceError): void {
    if (this.#dependent) this.#fail(refusal)
    else this.#settle?.(null)
  }

  #end(): void {
    this.#complete = true
    if (this.#over) return
    this.#form?.end()
    const problem = this.#form?.problem ?? null
    if (problem !== null) this.#refuse(problem)
    else if (this.#settle !== null) this.#settle(null)
    else if (this.#stream !== null) this.#finish(this.#stream)
  }

  #finish(stream: UploadStream): void {
    this.ended = true
    this.#giveBack()
    stream.push(null)
  }

  #refuse(problem: string): void {
    this.#fail(new BalanceError('invalid_body', `The form leaves its model in doubt: ${problem}.`))
  }

  #fail(error: BalanceError): void {
    this.#over = true
    this.#failure = error
    this.#held.length = 0
    if (this.#settle !== null) this.#settle(error)
    else this.#stream?.destroy(error)
  }

  #giveBack(): void {
    this.#gateway.heldBytes -= this.#exchange.heldBytes
    this.#exchange.heldBytes = 0
  }
}

const NO_MODEL = { modelStart: -1, modelEnd: -1 }
const AFTER_MODEL = 'Send the part `model` before the files.'

/** What one attempt reads of an upload: first what was held, then what comes. */
class UploadStream extends Readable {
  readonly pieces: Buffer[]
  readonly #upload: Upload

  constructor(upload: Upload, pieces: Buffer[]) {
    super({ highWaterMark: 65_536 })
    this.#upload = upload
    this.pieces = pieces
    // It is told by the dispatch, as long as there is one.
    this.on('error', () => {})
  }

  override _read(): void {
    this.#upload.pull(this)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#upload.drop(this)
    done(error)
  }
}
