import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import { ConnectionCap } from '../gateway/connection-cap.ts'
import { type Address, Listeners, type Place } from '../gateway/listeners.ts'
import { descriptorLimit } from './descriptors.ts'
import type { WorkerProcess } from './worker-process.ts'

/** A connection that a worker was handed and has not taken yet. */
interface UnderWay {
  readonly socket: Socket
  readonly worker: WorkerProcess
  /** Monotonic ms. */
  readonly since: number
}

/**
 * Accepts connections and hands each to the worker that has the fewest. A connection stays here
 * until its worker said that it has it; when that worker dies first, another gets it, and with no
 * worker ready it waits. node:cluster does neither (on Node 20 it hangs a connection that was on its
 * way to a dying worker, and refuses connections when the last one dies).
 */
export class Handoff {
  readonly #listeners = new Listeners(socket => this.#arrive(socket), { pauseOnConnect: true })
  readonly #workers: () => readonly WorkerProcess[]
  readonly #log: Logger
  readonly #clock: Clock
  readonly #underWay = new Map<number, UnderWay>()
  #waiting: Socket[] = []
  /** Connections that may be here at once, waiting or on their way. */
  readonly #most = new ConnectionCap(descriptorLimit()).most
  #sequence = 0

  /** @param workers those that are ready to serve */
  constructor(workers: () => readonly WorkerProcess[], clock: Clock, log: Logger) {
    this.#workers = workers
    this.#clock = clock
    this.#log = log
  }

  listen(places: readonly Place[]): Promise<Address[]> {
    return this.#listeners.listen(places)
  }

  /** A worker became ready: those that wait can go to it. */
  resume(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const socket of waiting) this.#place(socket)
  }

  accepted(id: number): void {
    const entry = this.#underWay.get(id)
    if (entry === undefined) return
    this.#underWay.delete(id)
    entry.worker.acceptedAt = this.#clock.now()
    // Closes our descriptor only; the connection is the worker's now.
    entry.socket.destroy()
  }

  /** What was on its way to a worker that died goes to another. */
  reclaim(dead: WorkerProcess): void {
    for (const [id, { socket, worker }] of this.#underWay) {
      if (worker !== dead) continue
      this.#underWay.delete(id)
      this.#place(socket)
    }
  }

  /**
   * Workers that were handed a connection before this time, monotonic ms, and have taken none since.
   * Node sends one connection at a time to a process: where many come, the last of them wait long.
   */
  silentSince(time: number): Set<WorkerProcess> {
    const silent = new Set<WorkerProcess>()
    for (const { worker, since } of this.#underWay.values()) {
      if (since < time && worker.acceptedAt < time) silent.add(worker)
    }
    return silent
  }

  /** Takes no further connections; those that wait for a worker are closed. */
  close(): void {
    this.#listeners.close()
    for (const socket of this.#waiting) socket.destroy()
    this.#waiting = []
  }

  /** The worker that would get a connection now: the one with the fewest; those with equally few take turns. */
  next(): WorkerProcess | null {
    const workers = this.#workers()
    let best: WorkerProcess | null = null
    for (let looked = 0; looked < workers.length; looked++) {
      const worker = workers[(this.#sequence + looked) % workers.length] as WorkerProcess
      if (best === null || worker.connections < best.connections) best = worker
    }
    return best
  }

  #arrive(socket: Socket): void {
    // Those that a worker has are its own to bound.
    if (this.#underWay.size + this.#waiting.length >= this.#most) {
      socket.destroy()
      return
    }
    socket.on('error', () => socket.destroy())
    this.#place(socket)
  }

  #place(socket: Socket): void {
    const worker = this.next()
    if (worker === null) {
      this.#waiting.push(socket)
      return
    }
    const id = ++this.#sequence
    this.#underWay.set(id, { socket, worker, since: this.#clock.now() })
    worker.hand(id, socket, error => {
      if (error === null || !this.#underWay.delete(id)) return
      this.#log.warn({ err: error, worker: worker.pid }, 'a worker could not be reached')
      worker.giveUp()
      if (!socket.destroyed) this.#place(socket)
    })
  }
}
