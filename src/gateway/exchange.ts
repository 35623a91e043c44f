import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Rotation } from '../balancer/rotation.ts'
import type { BalanceError } from '../base/errors.ts'
import type { AttemptRecord } from '../model/record.ts'
import { noUsage, type Usage } from '../model/usage.ts'
import type { CompiledTarget } from '../snapshot/route-table.ts'
import type { CompiledProvider, CompiledToken, Snapshot } from '../snapshot/snapshot.ts'
import { type Endpoint, endpointOf } from '../wire/endpoint.ts'
import type { ObjectUse } from '../wire/objects.ts'
import type { Route } from '../wire/path.ts'
import type { Attempt } from './attempt.ts'
import type { Body } from './body.ts'
import type { Pin } from './pin.ts'

/** What an exchange is before its path is understood: errors are then told as OpenAI tells them. */
const NOWHERE = endpointOf('GET', '/')

/**
 * One client request and its answer, from arrival to account. Every field is there from the start,
 * so that all exchanges have one shape; the phases fill them in.
 */
export class Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly snapshot: Snapshot
  readonly requestId: string
  readonly method: string
  /** Arrival: monotonic and wall ms. */
  readonly startedAt: number
  readonly startedWall: number

  route: Route | null = null
  endpoint: Endpoint = NOWHERE
  /** What it has to do with objects; null: nothing. */
  objects: ObjectUse | null = null
  token: CompiledToken | null = null
  body: Body | null = null
  /** Its client sends the body once it is told to (`Expect: 100-continue`). */
  expects = false
  model: string | null = null
  stream = false
  /** Where it may go, in the order of their tiers. */
  targets: readonly CompiledTarget[] = []
  rotation: Rotation | null = null
  /** The only key that may serve it; null: any. */
  pin: Pin | null = null
  /** It asks for what nobody here knows, or for a list: it is for the home key. */
  homeless = false
  provider: CompiledProvider | null = null
  /** The model asked for upstream, which may not be the one the client asked for. */
  served: string | null = null
  /** The attempt under way. */
  attempt: Attempt | null = null
  attempts = 0
  failures: AttemptRecord[] = []
  keyId: string | null = null

  /** What the client was answered; 0 as long as it was not. */
  status = 0
  /** `ok`, or what it ended with. */
  outcome = ''
  error: BalanceError | null = null
  errorCode: string | null = null
  /** The client closed the connection before the answer was complete. */
  left = false
  /** Called once when that happens, by whoever waits. */
  onLeft: (() => void) | null = null
  /** Called when the rest of its body will not come, by whoever reads it. */
  onBroken: ((reason: BalanceError) => void) | null = null
  /** It will not: nothing more is read of it. */
  broken = false
  /** Until when more of its body must come, monotonic ms; bytes of its connection when that was last looked at. */
  arrivesBy = 0
  arrived = 0
  /** Where it stands among those in flight; -1: not there. */
  place = -1
  /** Bytes of its end that the client had not taken when that was last looked at; since when, monotonic ms. */
  untaken = -1
  untakenSince = 0
  /** The account is written; nothing about it changes any more. */
  accounted = false
  bytesIn = 0
  /** The part of them that is kept in memory. */
  heldBytes = 0
  bytesOut = 0
  /** Monotonic ms; 0 as long as it has not come. */
  firstByteAt = 0
  firstTokenAt = 0
  usage: Usage = noUsage()

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    snapshot: Snapshot,
    requestId: string,
    now: number,
    wall: number,
  ) {
    this.request = request
    this.response = response
    this.snapshot = snapshot
    this.requestId = requestId
    this.method = request.method ?? 'GET'
    this.startedAt = now
    this.startedWall = wall
  }

  /** The client's path as it is written down: normalised, without the query and its secrets. */
  get path(): string {
    return this.route?.path ?? (this.request.url ?? '/').split('?', 1)[0] ?? '/'
  }
}
