import type { IncomingMessage } from 'node:http'
import type { Live } from '../balancer/live.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Redactor } from '../base/redactor.ts'
import type { Expose } from '../model/exposition.ts'
import type { Link, ObjectLink } from '../model/link.ts'
import type { Readiness } from '../model/readiness.ts'
import type { SnapshotHolder } from '../snapshot/holder.ts'
import type { Agents } from '../upstream/agents.ts'
import { Flows } from '../upstream/flows.ts'
import type { Dashboard } from './dashboard.ts'
import { InFlight } from './in-flight.ts'
import { Ledger } from './ledger.ts'
import { Objects } from './objects.ts'
import { serve } from './pipeline.ts'
import { Starts } from './starts.ts'

/** What a gateway is made of; all of it outlives every snapshot. */
export interface GatewayParts {
  readonly clock: Clock
  readonly log: Logger
  readonly redactor: Redactor
  readonly live: Live
  readonly agents: Agents
  readonly holder: SnapshotHolder
  readonly link: Link
  readonly objectLink: ObjectLink
  readonly expose: Expose
  /** Null: nothing is served below `/admin`. */
  readonly dashboard: Dashboard | null
  /** Local callers need no token. */
  readonly anonymous: boolean
}

/** The state that all exchanges of one process share. */
export class Gateway {
  readonly clock: Clock
  readonly log: Logger
  readonly redactor: Redactor
  readonly agents: Agents
  readonly holder: SnapshotHolder
  readonly anonymous: boolean
  readonly ledger: Ledger
  readonly objects: Objects
  readonly expose: Expose
  readonly dashboard: Dashboard | null
  readonly exchanges = new InFlight()
  readonly starts: Starts
  readonly flows: Flows
  /** Requests that were answered, or are no exchange, and have not come whole; until when they may, monotonic ms. */
  readonly unread = new Map<IncomingMessage, number>()
  /** Bytes of held bodies, all exchanges together. */
  heldBytes = 0
  /** It is about to end: no connection is kept for another request. */
  draining = false
  /** No new work is taken. */
  closed = false
  requests = 0
  errors = 0
  /** What the owner said last of how it does; null before it said anything. */
  owner: Readiness | null = null

  constructor(parts: GatewayParts) {
    this.clock = parts.clock
    this.flows = new Flows(parts.clock)
    this.starts = new Starts(parts.clock, (exchange, late) => void serve(exchange, this, late))
    this.log = parts.log
    this.redactor = parts.redactor
    this.agents = parts.agents
    this.holder = parts.holder
    this.anonymous = parts.anonymous
    this.expose = parts.expose
    this.dashboard = parts.dashboard
    this.ledger = new Ledger(parts.link, parts.live, parts.clock)
    this.objects = new Objects(parts.objectLink, parts.clock)
  }
}
