import { type ChildProcess, fork } from 'node:child_process'
import type { Socket } from 'node:net'
import { BalanceError } from '../base/errors.ts'
import type { Catalog } from '../model/catalog.ts'
import { CatalogueSender } from '../model/catalogue-slices.ts'
import type { Exposition } from '../model/exposition.ts'
import type { Answer, Hello, Question, ToDaemon, ToWorker } from './worker-message.ts'

/** What a worker tells its pool; each names the worker. */
export interface WorkerEvents {
  onReady(worker: WorkerProcess): void
  onMessage(worker: WorkerProcess, message: ToDaemon): void
  onExit(worker: WorkerProcess, code: number | null, signal: NodeJS.Signals | null): void
}

/** One worker as the daemon sees it. */
export class WorkerProcess {
  readonly #child: ChildProcess
  readonly #events: WorkerEvents
  readonly #answers = new Map<
    number,
    { resolve: (value: Answer) => void; reject: (error: Error) => void }
  >()
  readonly #catalogues = new CatalogueSender()
  readonly #applied = new Map<number, { resolve: () => void; reject: (error: Error) => void }>()
  #sequence = 0
  /** It has a catalogue in force, and has not been told to end. */
  ready = false
  /** It was told to end. */
  ending = false
  connections = 0
  /** Monotonic ms. */
  readonly startedAt: number
  /** When it last said that it has a connection, monotonic ms. */
  acceptedAt = Number.NEGATIVE_INFINITY

  constructor(entry: URL, hello: Hello, events: WorkerEvents, now: number) {
    this.#events = events
    this.startedAt = now
    this.#child = fork(entry, [], {
      // No variable of ours: secrets come by the channel, and its children would inherit them.
      env: {},
      execArgv: process.execArgv,
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#child.on('message', message => this.#receive(message as ToDaemon))
    this.#child.on('exit', (code, signal) => this.#exit(code, signal))
    this.#child.on('error', () => {})
    this.#send(hello)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Resolves when the catalogue is in force there; rejects when the worker dies first. */
  apply(catalog: Catalog): Promise<void> {
    const applied = new Promise<void>((resolve, reject) => {
      this.#applied.set(catalog.revision, { resolve, reject })
    })
    for (const slice of this.#catalogues.slices(catalog)) this.#send(slice)
    return applied
  }

  ask(what: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const id = ++this.#sequence
      this.#answers.set(id, { resolve, reject })
      this.#send({ kind: 'ask', id, what })
    })
  }

  hand(id: number, socket: Socket, done: (error: Error | null) => void): void {
    this.connections++
    this.#child.send(
      { kind: 'connection', id } satisfies ToWorker,
      socket,
      { keepOpen: true },
      done,
    )
  }

  /** Tells it the metrics that it asked for, or why there are none. */
  async expose(making: Promise<Exposition>): Promise<void> {
    const told = await making.then(
      exposition => ({ exposition, error: null }),
      error => ({ exposition: null, error: String(error) }),
    )
    this.#send({ kind: 'exposed', ...told })
  }

  tell(message: ToWorker): void {
    this.#send(message)
  }

  end(ms: number): void {
    this.ending = true
    this.ready = false
    this.#send({ kind: 'close', ms })
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** It cannot be reached any more: nothing is handed to it, and its end is hastened. */
  giveUp(): void {
    this.ready = false
    this.kill()
  }

  #send(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message)
  }

  #receive(message: ToDaemon): void {
    if (message.kind === 'applied') this.#settle(message.revision, message.error)
    else if (message.kind === 'answer') {
      this.#answers.get(message.id)?.resolve(message.value)
      this.#answers.delete(message.id)
    } else if (message.kind === 'closed') this.connections -= message.connections
    else if (message.kind === 'ready') this.#events.onReady(this)
    else this.#events.onMessage(this, message)
  }

  #settle(revision: number, error: string | null): void {
    const waiting = this.#applied.get(revision)
    this.#applied.delete(revision)
    if (error === null) waiting?.resolve()
    else waiting?.reject(new BalanceError('config_invalid', error))
  }

  #exit(code: number | null, signal: NodeJS.Signals | null): void {
    this.ready = false
    const gone = new BalanceError('failed', `Worker ${this.pid} ended.`)
    for (const { reject } of this.#answers.values()) reject(gone)
    for (const { reject } of this.#applied.values()) reject(gone)
    this.#answers.clear()
    this.#applied.clear()
    this.#events.onExit(this, code, signal)
  }
}
