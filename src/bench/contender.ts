import { startRole } from './child.ts'
import { Gauge, gaugeOptions } from './gauge.ts'
import type { Door } from './request.ts'

/** Ports of the two upstreams: the fixed JSON answer, and everything else. */
export interface Upstreams {
  readonly json: number
  readonly paced: number
}

/** Something that passes requests on, and is measured while it does. */
export interface Contender {
  readonly name: string
  /** Whose trees of processes are measured; none of what is no process: the upstream itself. */
  readonly pids: readonly number[]
  readonly json: Door
  readonly paced: Door
  /** Somebody else's gateway: it may fail without ending the run, and is asked less often. */
  readonly peer: boolean
  /** Null where it does not run on Node, or is somebody else's. */
  readonly gauge: Gauge | null
  end(): Promise<void>
}

export const CHAT = '/v1/chat/completions'

/** No contender at all: what latency is compared with. */
export function direct({ json, paced }: Upstreams): Contender {
  const end = () => Promise.resolve()
  return {
    name: 'direct',
    pids: [],
    json: plainDoor(json),
    paced: plainDoor(paced),
    peer: false,
    gauge: null,
    end,
  }
}

export async function startBare({ json, paced }: Upstreams, pin: boolean): Promise<Contender> {
  const args = [String(json), String(paced)]
  const child = startRole<BareReady>('bare', args, 'contender', pin, gaugeOptions())
  const ports = await child.report()
  return {
    name: 'bare',
    pids: [child.pid],
    json: plainDoor(ports.json),
    paced: plainDoor(ports.paced),
    peer: false,
    gauge: new Gauge(child.process),
    end: () => child.end(),
  }
}

/** Where the bare pass-through listens, for each upstream. */
export type BareReady = Upstreams

/** A token as a client would bring it, though nobody looks at it. */
export function plainDoor(port: number): Door {
  return { port, path: CHAT, headers: { authorization: 'Bearer none' } }
}
