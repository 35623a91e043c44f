import type { Lease } from '../balancer/lease.ts'
import { BalanceError } from '../base/errors.ts'
import type { Dialect, Headers, Tap } from '../model/dialect.ts'
import { CLIENT_GONE, type Outcome, WORKED } from '../model/outcome.ts'
import type { CompiledKey, CompiledProvider } from '../snapshot/snapshot.ts'
import { dispatch } from '../upstream/dispatch.ts'
import { AttemptTimeout, transportOutcome } from '../upstream/fault.ts'
import { upwardHeaders } from '../upstream/headers.ts'
import { type Ending, type Guide, type Handling, Relay } from '../upstream/relay.ts'
import { dialectNamed, dialectOf } from '../wire/dialects.ts'
import { joinUpstream } from '../wire/path.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { breakOff, commit, maskBytes } from './respond.ts'

/** As much of a refused answer is looked at for its meaning. */
const CLASSIFIED = 64 * 1_024

/** One try at one key: dispatched, watched, and judged by how it ended. */
export class Attempt implements Guide {
  readonly number: number
  readonly startedWall: number
  readonly lease: Lease
  readonly relay: Relay
  readonly #exchange: Exchange
  readonly #gateway: Gateway
  readonly #provider: CompiledProvider
  readonly #dialect: Dialect
  readonly #startedAt: number
  /** Monotonic ms of the last sign of life, as far as the watch has looked. */
  #lifeAt: number
  #headAt = 0
  #stalledAt = 0
  #settle: ((outcome: Outcome) => void) | null = null

  constructor(exchange: Exchange, gateway: Gateway, provider: CompiledProvider, lease: Lease) {
    this.number = ++exchange.attempts
    this.lease = lease
    this.#exchange = exchange
    this.#gateway = gateway
    this.#provider = provider
    this.#dialect = exchange.endpoint.generate
      ? dialectOf(exchange.endpoint)
      : dialectNamed(provider.kind)
    this.#startedAt = gateway.clock.now()
    this.startedWall = gateway.clock.wall()
    this.#lifeAt = this.#startedAt
    this.relay = new Relay(this, exchange.response)
  }

  get startedAt(): number {
    return this.#startedAt
  }

  /** Sends the request; resolves with what the attempt taught, and never rejects. */
  run(key: CompiledKey): Promise<Outcome> {
    return new Promise(resolve => {
      this.#settle = resolve
      const { request, method, route, endpoint, body } = this.#exchange
      const { dial, basePath, upward } = this.#provider
      const headers = upwardHeaders(request.rawHeaders, upward, key.credential, endpoint.generate)
      const length = request.headers['content-length']
      if (body?.streaming && length !== undefined) headers.push('content-length', length)
      const path = joinUpstream(basePath, route?.path ?? '/', route?.query ?? '')
      const upstreamBody = body === null ? null : (body.held ?? body.streaming)
      dispatch(
        this.#gateway.agents,
        { dial, method, path, headers, body: upstreamBody },
        this.relay,
      )
    })
  }

  onHead(status: number, headers: Headers): { handling: Handling; tap: Tap | null } {
    this.#headAt = this.#gateway.clock.now()
    if (status >= 400 || (status >= 300 && status !== 304)) return { handling: 'judge', tap: null }
    const bodiless = status === 204 || status === 304 || this.#exchange.method === 'HEAD'
    const coded = (headers['content-encoding'] ?? 'identity') !== 'identity'
    if (!this.#exchange.endpoint.generate || bodiless || coded)
      return { handling: 'pass', tap: null }
    const type = headers['content-type'] ?? ''
    if (type.startsWith('text/event-stream'))
      return { handling: 'stream', tap: this.#dialect.streamTap() }
    if (type.startsWith('text/html')) return { handling: 'judge', tap: null }
    if (type.includes('json')) return { handling: 'document', tap: this.#dialect.jsonTap() }
    return { handling: 'pass', tap: null }
  }

  onCommit(relay: Relay): void {
    this.#exchange.firstByteAt = this.#gateway.clock.now()
    commit(this.#exchange, this.#gateway, relay)
  }

  mask(chunk: Buffer): Buffer {
    return maskBytes(chunk, this.#gateway)
  }

  onToken(): void {
    this.#exchange.firstTokenAt = this.#gateway.clock.now()
  }

  onEnd(relay: Relay, ending: Ending): void {
    if (relay.tap !== null) this.#exchange.usage = relay.tap.usage
    this.#exchange.bytesOut = relay.bytes
    this.#settle?.(this.#judge(relay, ending))
  }

  #judge(relay: Relay, ending: Ending): Outcome {
    switch (ending) {
      case 'complete':
        // An error event inside a committed stream was relayed as it came; it still teaches.
        return relay.tap?.failure ?? WORKED
      case 'refused':
        return relay.tap?.failure ?? this.#classify(relay)
      case 'failed':
        return failure(relay)
      case 'broken':
        return this.#breakOff(relay)
      case 'gone':
        return CLIENT_GONE
    }
  }

  #classify(relay: Relay): Outcome {
    const body = Buffer.concat(relay.held).subarray(0, CLASSIFIED)
    return this.#dialect.classify(relay.status, relay.headers, body, this.#gateway.clock.wall())
  }

  #breakOff(relay: Relay): Outcome {
    const outcome = interruption(relay.error)
    const code = outcome.code ?? 'upstream_stream_interrupted'
    this.#exchange.error = new BalanceError(code, outcome.message)
    breakOff(this.#exchange, relay.streams ? this.#dialect : null)
    return outcome
  }

  /** Looks whether time has run out for this attempt, or for the client to read. */
  watch(now: number, firstByteBy: number): void {
    const { relay } = this
    if (relay.ended) return
    if (relay.lively) {
      relay.lively = false
      this.#lifeAt = now
    }
    if (this.#clientStalls(now)) return
    const { timeout, first_token_timeout, idle_timeout, commit_hold } = this.#provider.settings
    if (!relay.committed && now >= firstByteBy) {
      this.#expire('upstream_timeout', 'No answer came within first_byte_timeout.')
    } else if (relay.status === 0) {
      if (now >= this.#startedAt + timeout)
        this.#expire('upstream_timeout', 'The upstream sent no headers in time.')
    } else if (relay.streams && !relay.meaningful && now >= this.#startedAt + first_token_timeout) {
      this.#expire('first_token_timeout', 'The upstream sent no first token in time.')
    } else if (now >= this.#lifeAt + idle_timeout) {
      this.#expire('upstream_timeout', 'The upstream fell silent inside its answer.')
    } else if (relay.streams && now >= this.#headAt + commit_hold) relay.commit()
  }

  /** Silence is the client's while it does not read; it has `write_idle` to go on. */
  #clientStalls(now: number): boolean {
    const { relay } = this
    if (!relay.stalled) {
      this.#stalledAt = 0
      return false
    }
    if (this.#stalledAt === 0) this.#stalledAt = now
    this.#lifeAt = now
    if (now < this.#stalledAt + this.#exchange.snapshot.settings.write_idle) return true
    this.#exchange.left = true
    relay.leave()
    this.#exchange.response.destroy()
    return true
  }

  #expire(code: AttemptTimeout['code'], message: string): void {
    this.relay.abort(new AttemptTimeout(code, message))
  }
}

/** A 2xx whose body is none: an empty stream, or a JSON document cut short. */
function incomplete(relay: Relay): Outcome {
  return {
    fault: 'provider',
    reach: 'ambiguous',
    retry: 'any',
    code: 'upstream_error',
    detail: relay.heldBytes === 0 ? 'empty_answer' : 'truncated_answer',
    message:
      relay.heldBytes === 0
        ? 'The upstream sent an empty answer.'
        : "The upstream's answer is cut short.",
    retryAfter: null,
  }
}

/** Nothing was relayed: our own doing, an answer that is none, or the transport's fault. */
function failure(relay: Relay): Outcome {
  if (relay.error === null) return incomplete(relay)
  return relay.error instanceof BalanceError ? ours(relay.error) : transportOutcome(relay.error)
}

/** A stream that ended after it was committed, and not by its own word. */
function interruption(error: Error | null): Outcome {
  if (error instanceof BalanceError) return ours(error)
  if (error instanceof AttemptTimeout) return transportOutcome(error)
  return {
    fault: 'provider',
    reach: 'ambiguous',
    retry: 'any',
    code: 'upstream_stream_interrupted',
    detail: (error as NodeJS.ErrnoException | null)?.code ?? 'unterminated',
    message: 'The upstream broke the stream off before it was complete.',
    retryAfter: null,
  }
}

/** The gateway ended the attempt itself (shutdown, a limit, an operator): nobody is charged. */
function ours({ code, message, retryAfter }: BalanceError): Outcome {
  return { fault: 'gone', reach: 'ambiguous', retry: 'no', code, detail: code, message, retryAfter }
}
