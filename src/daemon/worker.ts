import type { Socket } from 'node:net'
import { systemClock } from '../base/clock.ts'
import { asBalanceError } from '../base/errors.ts'
import { createLogger, type Logger } from '../base/log.ts'
import { Redactor } from '../base/redactor.ts'
import { VERSION } from '../base/version.ts'
import { pipeTo } from '../control/admin/pipe.ts'
import { CatalogueAssembly } from '../model/catalogue-slices.ts'
import { LocalGateway } from './local-gateway.ts'
import { WorkerLink } from './worker-link.ts'
import type { Answer, Hello, Question, ToDaemon, ToWorker } from './worker-message.ts'

/** How long a worker that crashes may take to tell what it knows, ms. */
const CRASH_PATIENCE = 1_000

/**
 * The entry of a worker: a gateway that is given its connections and its catalogue by the daemon.
 * It opens no store, listens nowhere, and ends when the daemon says so or is gone.
 */
class Worker {
  readonly #link = new WorkerLink(send)
  readonly #assembly = new CatalogueAssembly()
  #gateway: LocalGateway | null = null
  #log: Logger | null = null
  #closed = 0
  #crashing = false

  receive(message: ToWorker, socket: Socket | undefined): void {
    switch (message.kind) {
      case 'hello':
        this.#start(message)
        break
      case 'catalogue':
        this.#apply(message)
        break
      case 'learn':
        this.#gateway?.learn(message.lessons)
        break
      case 'renew':
        this.#gateway?.renew(message.tls)
        break
      case 'inform':
        this.#gateway?.inform(message.readiness)
        break
      case 'connection':
        this.#accept(message.id, socket)
        break
      case 'taken':
        this.#link.taken()
        break
      case 'exposed':
        this.#link.exposed(message)
        break
      case 'objects':
        this.#gateway?.learnObjects(message.news)
        break
      case 'noted':
        this.#link.noted(message.id)
        break
      case 'found':
        this.#link.found(message.id, message.objects)
        break
      case 'ask':
        void this.#answer(message)
        break
      case 'close':
        void this.#end(message.ms)
        break
      case 'cut':
        this.#gateway?.cutOff()
    }
  }

  #start({ version, logLevel, anonymous, tls, dashboard }: Hello): void {
    // Files were replaced under a running daemon: its messages may mean something else here.
    if (version !== VERSION) process.exit(78)
    const redactor = new Redactor()
    this.#log = createLogger(logLevel, redactor, process.stderr)
    this.#gateway = new LocalGateway({
      clock: systemClock,
      log: this.#log,
      redactor,
      link: this.#link,
      objectLink: this.#link,
      expose: () => this.#link.expose(),
      dashboard: pipeTo(dashboard),
      anonymous,
      tls,
    })
    send({ kind: 'ready', version: VERSION })
  }

  #apply(slice: Extract<ToWorker, { kind: 'catalogue' }>): void {
    const catalog = this.#assembly.add(slice)
    if (catalog === null || this.#gateway === null) return
    try {
      this.#gateway.put(catalog)
      send({ kind: 'applied', revision: catalog.revision, error: null })
    } catch (error) {
      send({ kind: 'applied', revision: catalog.revision, error: asBalanceError(error).message })
    }
  }

  #accept(id: number, socket: Socket | undefined): void {
    send({ kind: 'accepted', id })
    if (socket === undefined) {
      // It closed on its way here.
      this.#countClosed()
    } else {
      socket.once('close', () => this.#countClosed())
      this.#gateway?.take(socket)
    }
  }

  /** One message a turn of the loop, however many connections closed in it. */
  #countClosed(): void {
    if (this.#closed++ > 0) return
    setImmediate(() => {
      send({ kind: 'closed', connections: this.#closed })
      this.#closed = 0
    })
  }

  /** What was served is still told; the daemon starts another in this one's place. */
  crash(error: unknown): void {
    if (this.#crashing) process.exit(1)
    this.#crashing = true
    this.#log?.fatal({ err: error }, 'a defect ended this worker')
    void this.#gateway?.flush()
    this.#link.sendAll()
    // Messages go in order: when this one has gone, all have.
    process.send?.({ kind: 'ended' } satisfies ToDaemon, () => process.exit(1))
    systemClock.after(CRASH_PATIENCE, () => process.exit(1))
  }

  async #answer({ id, what }: Extract<ToWorker, { kind: 'ask' }>): Promise<void> {
    const value = this.#gateway === null ? null : await answerOf(this.#gateway, what)
    send({ kind: 'answer', id, value })
  }

  async #end(ms: number): Promise<void> {
    await this.#gateway?.close(ms)
    send({ kind: 'ended' })
    process.disconnect()
  }
}

async function answerOf(gateway: LocalGateway, what: Question): Promise<Answer> {
  if ('abort' in what) return gateway.abort(what.abort)
  if ('explain' in what) return gateway.explain(what.explain)
  if ('report' in what) return (await gateway.reports())[0] ?? null
  await gateway.flush()
  return null
}

function send(message: ToDaemon): void {
  // The daemon is gone: there is nobody to tell, and `disconnect` ends this process.
  if (process.connected) process.send?.(message)
}

const worker = new Worker()
process.on('message', (message, socket) =>
  worker.receive(message as ToWorker, socket as Socket | undefined),
)
process.on('disconnect', () => process.exit(0))
// That nobody reads the log any more is no reason to stop serving.
process.stderr.on('error', () => {})
process.on('uncaughtException', error => worker.crash(error))
// Signals to the process group are the daemon's to act on: it ends its workers itself.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
