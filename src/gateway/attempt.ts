import type { Lease } from '../balancer/lease.ts'
import { BalanceError } from '../base/errors.ts'
import type { Dialect, Headers } from '../model/dialect.ts'
import { CLIENT_GONE, type Outcome, WORKED } from '../model/outcome.ts'
import type { CompiledKey, CompiledProvider } from '../snapshot/snapshot.ts'
import type { Exit } from '../snapshot/way.ts'
import { dispatch } from '../upstream/dispatch.ts'
import { AttemptTimeout, diedUnanswered, STALE } from '../upstream/fault.ts'
import type { Ending, Guide, Treatment } from '../upstream/guide.ts'
import { upwardHeaders } from '../upstream/headers.ts'
import { ProxyFault } from '../upstream/proxy-fault.ts'
import { Relay } from '../upstream/relay.ts'
import { dialectNamed, dialectOf } from '../wire/dialects.ts'
import { failure, interruption, masked } from './attempt-outcome.ts'
import type { Course, Step } from './course.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { OUT_OF_TIME } from './give-up.ts'
import { needsPlain, watchObjects } from './object-watch.ts'
import { wordsOf } from './refusal.ts'
import { breakOff, commit, maskBytes } from './respond.ts'
import { spokenIn, treatFirst, treatHead } from './treatment.ts'
import { upwardBody, upwardPath, withBodyHeaders } from './upward-body.ts'

/** As much of a refused answer is looked at for its meaning. */
const CLASSIFIED = 64 * 1_024
const NOTHING = Buffer.alloc(0)

/** A reused connection that dies this soon was closed before the request reached it. */
const STALE_MS = 250
/** Comments alone keep a stream alive for so long. */
const COMMENTS_MS = 600_000

/** One try at one key: dispatched, watched, and judged by how it ended. */
export class Attempt implements Guide {
  readonly number: number
  readonly startedWall: number
  readonly lease: Lease
  readonly relay: Relay
  readonly #exchange: Exchange
  readonly #gateway: Gateway
  readonly #course: Course
  readonly #provider: CompiledProvider
  readonly #key: CompiledKey
  readonly #exit: Exit
  readonly #fresh: boolean
  readonly #dialect: Dialect
  readonly #startedAt: number
  /** Monotonic ms of the last sign of life, and of the last event, as far as the watch has looked. */
  #lifeAt: number
  #eventAt: number
  #headAt = 0
  /** From when on an answer is waited for: the dispatch, or the last byte that went up. */
  #waitsSince: number
  #stalledAt = 0
  #settle: ((outcome: Outcome) => void) | null = null

  constructor(exchange: Exchange, gateway: Gateway, step: Step, course: Course) {
    this.number = ++exchange.attempts
    this.lease = step.lease
    this.#exchange = exchange
    this.#gateway = gateway
    this.#course = course
    this.#provider = step.target.provider
    this.#key = step.key
    this.#exit = step.exit
    this.#fresh = step.fresh
    this.#dialect = exchange.endpoint.generate
      ? dialectOf(exchange.endpoint)
      : dialectNamed(this.#provider.dialect)
    this.#startedAt = gateway.clock.now()
    this.startedWall = gateway.clock.wall()
    this.#lifeAt = this.#startedAt
    this.#waitsSince = this.#startedAt
    this.#eventAt = this.#startedAt
    this.relay = new Relay(this, exchange.response)
    exchange.provider = this.#provider
    exchange.keyId = step.key.id
    exchange.served = step.target.model ?? exchange.model
  }

  get startedAt(): number {
    return this.#startedAt
  }

  /** Sends the request; resolves with what the attempt taught, and never rejects. */
  run(): Promise<Outcome> {
    return new Promise(resolve => {
      this.#settle = resolve
      const { request, method, route, served } = this.#exchange
      const { address, upward } = this.#provider
      const { dial } = this.#exit
      const { credential } = this.#key
      const plain = needsPlain(this.#exchange)
      const given = upwardHeaders(request.rawHeaders, upward, credential, plain)
      const headers = withBodyHeaders(given, this.#exchange)
      const path = address.of(upwardPath(this.#exchange), route?.query ?? '', served)
      dispatch(
        this.#gateway.agents,
        { dial, method, path, headers, body: upwardBody(this.#exchange), fresh: this.#fresh },
        this.relay,
      )
    })
  }

  onHead(status: number, headers: Headers): Treatment {
    this.#headAt = this.#gateway.clock.now()
    this.#course.detours.worked(this.#exit, this.#headAt)
    const treatment = treatHead(this.#exchange, this.#dialect, status, headers)
    return watchObjects(this.#exchange, this.#gateway, this.relay, treatment, headers)
  }

  onFirst(chunk: Buffer, { headers }: Relay): Treatment {
    return treatFirst(this.#exchange, this.#dialect, headers, chunk)
  }

  onCommit(relay: Relay): void {
    this.#exchange.firstByteAt = this.#gateway.clock.now()
    commit(this.#exchange, this.#gateway, relay)
    if (relay.status < 400 && (relay.meaningful || !relay.streams)) this.#worked()
  }

  mask(chunk: Buffer): Buffer {
    return maskBytes(chunk, this.#gateway)
  }

  onToken(relay: Relay): void {
    this.#exchange.firstTokenAt = this.#gateway.clock.now()
    if (relay.committed) this.#worked()
  }

  /** What a good answer teaches is not kept back until a long one has ended. */
  #worked(): void {
    this.lease.succeed(this.#gateway.clock.now())
    this.#course.confirm(this.lease.pool)
  }

  onEnd(relay: Relay, ending: Ending): void {
    if (relay.tap !== null) this.#exchange.usage = relay.tap.usage
    this.#exchange.bytesOut = relay.bytes
    this.#settle?.(masked(this.#judge(relay, ending), this.#gateway.redactor))
  }

  #judge(relay: Relay, ending: Ending): Outcome {
    switch (ending) {
      case 'complete':
        // An error event inside a committed stream was relayed as it came; it still teaches.
        return relay.tap?.failure ?? WORKED
      case 'refused':
        return relay.tap?.failure ?? this.#classify(relay)
      case 'failed':
        if (relay.error instanceof ProxyFault) return this.#noConnection(relay.error)
        return this.#isStale(relay) ? STALE : failure(relay)
      case 'broken':
        return this.#breakOff(relay)
      case 'gone':
        return CLIENT_GONE
    }
  }

  #noConnection(fault: ProxyFault): Outcome {
    return this.#course.detours.failed(this.#exit, this.#key, fault, this.#gateway.clock.now())
  }

  /**
   * Whether an idle connection had been closed by the other side just when this request was put on it.
   * Such a request may safely be sent once more: what answers nobody for some ms did not act.
   */
  #isStale({ reused, status, error }: Relay): boolean {
    if (!reused || this.#fresh || status !== 0 || error === null || !diedUnanswered(error))
      return false
    const { body, endpoint } = this.#exchange
    if (body?.streaming) return false
    const soon = this.#gateway.clock.now() - this.#startedAt < STALE_MS
    return soon || endpoint.repeat !== 'stateful'
  }

  #classify(relay: Relay): Outcome {
    // What can't be read is judged by its status alone.
    const body = wordsOf(relay)?.subarray(0, CLASSIFIED) ?? NOTHING
    return this.#dialect.classify(relay.status, relay.headers, body, this.#gateway.clock.wall())
  }

  #breakOff(relay: Relay): Outcome {
    // What the upstream said itself of why it ends was relayed as it came.
    const said = relay.tap?.failure ?? null
    const outcome = said ?? interruption(relay.error)
    const code = outcome.code ?? 'upstream_stream_interrupted'
    this.#exchange.error = new BalanceError(code, outcome.message)
    const spoken = spokenIn(this.#exchange, this.#dialect, relay.headers)
    breakOff(this.#exchange, relay.streams && said === null ? spoken : null)
    return outcome
  }

  /** Looks whether time has run out for this attempt, or for the client to read. */
  watch(now: number, firstByteBy: number): void {
    const { relay } = this
    if (relay.ended) return
    if (relay.lively) {
      relay.lively = false
      this.#lifeAt = now
      if (!relay.streams || relay.tap?.lively) this.#eventAt = now
      if (relay.tap !== null) relay.tap.lively = false
    }
    if (this.#clientStalls(now) || this.#uploads(now)) return
    const { timeout, first_token_timeout, idle_timeout, commit_hold } = this.#provider.settings
    if (!relay.committed && now >= firstByteBy + this.#waitsSince - this.#startedAt) {
      this.#runOut()
    } else if (relay.status === 0) {
      if (now >= this.#waitsSince + timeout)
        this.#expire('upstream_timeout', 'The upstream sent no headers in time.')
    } else if (
      relay.streams &&
      !relay.meaningful &&
      now >= this.#waitsSince + first_token_timeout
    ) {
      this.#expire('first_token_timeout', 'The upstream sent no first token in time.')
    } else if (now >= this.#lifeAt + idle_timeout || now >= this.#eventAt + COMMENTS_MS) {
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

  /**
   * As long as a body goes up nothing else is waited for. An upstream that takes no more of it has
   * `idle_timeout` to go on; whether it comes fast enough is looked at elsewhere.
   */
  #uploads(now: number): boolean {
    const upload = this.#exchange.body?.streaming
    if (!upload?.begun) return false
    if (upload.lively || upload.starving) {
      upload.lively = false
      this.#waitsSince = now
      this.#lifeAt = now
    }
    if (upload.ended || this.relay.status !== 0) return false
    if (now >= this.#waitsSince + this.#provider.settings.idle_timeout)
      this.#expire('upstream_timeout', 'The upstream took no more of the body in time.')
    return true
  }

  /** The time of all attempts is over. Where it was not this one that used it up, it is charged nothing. */
  #runOut(): void {
    const message = `${OUT_OF_TIME}.`
    if (this.number === 1) this.#expire('upstream_timeout', message)
    else this.relay.abort(new BalanceError('upstream_timeout', message))
  }

  #expire(code: AttemptTimeout['code'], message: string): void {
    this.relay.abort(new AttemptTimeout(code, message))
  }
}
