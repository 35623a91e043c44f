import { Live } from '../balancer/live.ts'
import { type Timer, within } from '../base/clock.ts'
import { BalanceError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import type { Asked } from '../gateway/explain.ts'
import type { Address, Place } from '../gateway/listeners.ts'
import type { Tls } from '../gateway/server.ts'
import type { Catalog, Lessons } from '../model/catalog.ts'
import type { Explanation } from '../model/explanation.ts'
import type { Expose } from '../model/exposition.ts'
import type { Readiness } from '../model/readiness.ts'
import { compile } from '../snapshot/compile.ts'
import type { GatewayHost, GatewayReport } from './gateway-host.ts'
import { Handoff } from './handoff.ts'
import type { Hello, Question, ToDaemon } from './worker-message.ts'
import { WorkerNews, type WorkerNewsParts } from './worker-news.ts'
import { WorkerProcess } from './worker-process.ts'

/** A worker that dies sooner than this is not replaced at once: it would only die again. */
const SETTLED_MS = 5_000
const AGAIN_MS = 1_000
/** Longest wait for one worker's report, and for its end after its drain. */
const PATIENCE_MS = 2_000
/** A worker that does nothing for so long is stuck, and another takes its place. */
const STUCK_MS = 5_000

export interface WorkerPoolParts extends WorkerNewsParts {
  readonly count: number
  /** The bundle of worker.ts. */
  readonly entry: URL
  readonly hello: Omit<Hello, 'dashboard'>
  /** Where workers bring what they are asked of the dashboard; asked for when one is started. */
  readonly dashboard: () => string
  readonly expose: Expose
  /** What is known now, for workers that start later. */
  readonly lessons: () => Lessons
  readonly log: Logger
}

/** Gateways in processes of their own, as many as were asked for, replaced when they die. */
export class WorkerPool implements GatewayHost {
  readonly #parts: WorkerPoolParts
  readonly #workers = new Set<WorkerProcess>()
  readonly #handoff: Handoff
  readonly #news: WorkerNews
  readonly #watch: Timer
  #hello: Omit<Hello, 'dashboard'>
  #catalog: Catalog | null = null
  #readiness: Readiness | null = null
  #closing = false
  /** Called when a worker serves, and when the last one has ended. */
  #whenServing: (() => void) | null = null
  #whenEmpty: (() => void) | null = null

  constructor(parts: WorkerPoolParts) {
    this.#parts = parts
    this.#hello = parts.hello
    this.#handoff = new Handoff(() => this.#ready, parts.clock, parts.log)
    this.#news = new WorkerNews(parts, () => this.#ready)
    this.#watch = parts.clock.every(STUCK_MS / 5, () => this.#giveUpStuck())
  }

  /** One worker after the other, so that their loops are not all busy compiling at once. */
  async apply(catalog: Catalog): Promise<void> {
    // Whether it compiles: what could keep it from that is never a key.
    compile({ ...catalog, keys: [] }, new Live(this.#parts.clock))
    const first = this.#catalog === null
    this.#catalog = catalog
    if (first) return this.#start()
    for (const worker of this.#ready) await this.#put(worker, catalog)
  }

  learn(lessons: Lessons): void {
    this.#news.teach(lessons, this.#ready)
  }

  inform(readiness: Readiness): void {
    this.#readiness = readiness
    for (const worker of this.#ready) worker.tell({ kind: 'inform', readiness })
  }

  renew(tls: Tls): void {
    this.#hello = { ...this.#hello, tls }
    for (const worker of this.#workers) worker.tell({ kind: 'renew', tls })
  }

  listen(places: readonly Place[]): Promise<Address[]> {
    return this.#handoff.listen(places)
  }

  async reports(): Promise<GatewayReport[]> {
    const reports = await this.#askAll({ report: true })
    return reports as GatewayReport[]
  }

  /** The turns of several workers differ. */
  async explain(asked: Asked): Promise<Explanation> {
    const worker = this.#handoff.next()
    const answer = worker && (await this.#ask(worker, { explain: asked }))
    if (answer) return answer as Explanation
    throw new BalanceError('failed', 'No worker answers.')
  }

  async abort(keyIds: readonly string[]): Promise<number> {
    const counts = (await this.#askAll({ abort: keyIds })) as number[]
    return counts.reduce((sum, count) => sum + count, 0)
  }

  async flush(): Promise<void> {
    await this.#askAll({ flush: true })
  }

  async close(ms: number): Promise<void> {
    this.#closing = true
    this.#handoff.close()
    for (const worker of this.#workers) worker.end(ms)
    const late = this.#parts.clock.after(ms + PATIENCE_MS, () => {
      for (const worker of this.#workers) worker.kill()
    })
    if (this.#workers.size > 0) {
      await new Promise<void>(resolve => {
        this.#whenEmpty = resolve
      })
    }
    late.stop()
    this.#watch.stop()
  }

  cutOff(): void {
    for (const worker of this.#workers) worker.tell({ kind: 'cut' })
  }

  onReady(worker: WorkerProcess): void {
    const catalog = this.#catalog
    if (catalog === null || this.#closing) {
      worker.end(0)
      return
    }
    void this.#put(worker, catalog).then(taken => taken && this.#serve(worker, catalog))
  }

  onMessage(worker: WorkerProcess, message: ToDaemon): void {
    if (message.kind === 'accepted') this.#handoff.accepted(message.id)
    else if (message.kind === 'expose') void worker.expose(this.#parts.expose())
    else this.#news.take(worker, message)
  }

  onExit(worker: WorkerProcess, code: number | null, signal: NodeJS.Signals | null): void {
    this.#workers.delete(worker)
    this.#handoff.reclaim(worker)
    if (this.#closing) {
      if (this.#workers.size === 0) this.#whenEmpty?.()
      return
    }
    if (worker.ending) return
    this.#parts.log.error(
      { worker: worker.pid, code, signal },
      'a worker died; another takes its place',
    )
    const lived = this.#parts.clock.now() - worker.startedAt
    if (lived >= SETTLED_MS) this.#spawn()
    else this.#parts.clock.after(AGAIN_MS, () => this.#spawn())
  }

  get #ready(): WorkerProcess[] {
    return [...this.#workers].filter(worker => worker.ready)
  }

  /** Resolves when the first worker serves; the others follow. */
  #start(): Promise<void> {
    const serving = new Promise<void>(resolve => {
      this.#whenServing = resolve
    })
    for (let n = 0; n < this.#parts.count; n++) this.#spawn()
    return serving
  }

  #spawn(): void {
    if (this.#closing) return
    const { entry, clock, dashboard } = this.#parts
    const hello = { ...this.#hello, dashboard: dashboard() }
    this.#workers.add(new WorkerProcess(entry, hello, this, clock.now()))
  }

  /** One that dies meanwhile begins anew, with what is then in force; so does one that is stuck. */
  async #put(worker: WorkerProcess, catalog: Catalog): Promise<boolean> {
    const { clock, log, lessons } = this.#parts
    const late = clock.after(STUCK_MS, () => this.#giveUp(worker))
    try {
      // What is known by now: the other workers were told while they served.
      await worker.apply({ ...catalog, ...lessons() })
      return true
    } catch (error) {
      log.error({ err: error, worker: worker.pid }, 'a worker did not take its catalogue')
      return false
    } finally {
      late.stop()
    }
  }

  /** A worker whose loop turns says at once that it has a connection. */
  #giveUpStuck(): void {
    const since = this.#parts.clock.now() - STUCK_MS
    for (const worker of this.#handoff.silentSince(since)) this.#giveUp(worker)
  }

  #giveUp(worker: WorkerProcess): void {
    this.#parts.log.error({ worker: worker.pid }, 'a worker is stuck; another takes its place')
    worker.giveUp()
  }

  /** A change may have come while the worker took its first catalogue. */
  #serve(worker: WorkerProcess, taken: Catalog): void {
    if (this.#catalog !== taken) {
      this.onReady(worker)
      return
    }
    worker.ready = true
    this.#news.welcome(worker, this.#parts.lessons())
    if (this.#readiness !== null) worker.tell({ kind: 'inform', readiness: this.#readiness })
    this.#whenServing?.()
    this.#handoff.resume()
  }

  async #askAll(what: Question): Promise<unknown[]> {
    const answers = this.#ready.map(worker => this.#ask(worker, what))
    return (await Promise.all(answers)).filter(answer => answer !== null)
  }

  /** Null from a worker that died or is stuck: the others' answers are worth having. */
  #ask(worker: WorkerProcess, what: Question): Promise<unknown> {
    const answer: Promise<unknown> = worker.ask(what).catch(() => null)
    return within(this.#parts.clock, PATIENCE_MS, answer, () => null)
  }
}
