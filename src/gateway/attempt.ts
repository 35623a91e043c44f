import type { Lease } from '../balancer/lease.ts'
import { BalanceError } from '../base/errors.ts'
import type { Dialect, Headers } from '../model/dialect.ts'
import { CLIENT_GONE, type Outcome, WORKED } from '../model/outcome.ts'
import type { CompiledKey, CompiledProvider } from '../snapshot/snapshot.ts'
import type { Exit } from '../snapshot/way.ts'
import { dispatch } from '../upstream/dispatch.ts'
import { diedUnanswered, STALE } from '../upstream/fault.ts'
import type { Ending, Guide, Treatment } from '../upstream/guide.ts'
import { upwardHeaders } from '../upstream/headers.ts'
import { ProxyFault } from '../upstream/proxy-fault.ts'
import { Relay } from '../upstream/relay.ts'
import { dialectNamed, dialectOf } from '../wire/dialects.ts'
import { failure, interruption, masked } from './attempt-outcome.ts'
import { AttemptWatch } from './attempt-watch.ts'
import type { Step } from './claims.ts'
import type { Course } from './course.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'
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

/** One try at one key: dispatched, watched, and judged by how it ended. */
export class Attempt implements Guide {
  readonly number: number
  /** Monotonic ms. */
  readonly startedAt: number
  readonly startedWall: number
  readonly lease: Lease
  readonly relay: Relay
  readonly watch: AttemptWatch
  readonly #exchange: Exchange
  readonly #gateway: Gateway
  readonly #course: Course
  readonly #provider: CompiledProvider
  readonly #key: CompiledKey
  readonly #exit: Exit
  readonly #fresh: boolean
  readonly #dialect: Dialect
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
    this.startedAt = gateway.clock.now()
    this.startedWall = gateway.clock.wall()
    this.relay = new Relay(this, exchange.response, gateway.flows)
    this.watch = new AttemptWatch(this, exchange, this.#provider.settings)
    exchange.provider = this.#provider
    exchange.keyId = step.key.id
    exchange.served = step.target.model ?? exchange.model
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
    const now = this.#gateway.clock.now()
    this.watch.headCame(now)
    this.#course.claims.detours.worked(this.#exit, now)
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
    this.#exchange.bytesOut = relay.down.bytes
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
    return this.#course.claims.detours.failed(
      this.#exit,
      this.#key,
      fault,
      this.#gateway.clock.now(),
    )
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
    const soon = this.#gateway.clock.now() - this.startedAt < STALE_MS
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
}
