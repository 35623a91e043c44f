import { Worker } from 'node:worker_threads'
import type { Timer } from '../base/clock.ts'
import { BalanceError } from '../base/errors.ts'
import { CatalogueAssembly } from '../model/catalogue-slices.ts'
import type { StoreHealth } from '../model/status.ts'
import type { Store } from '../model/store.ts'
import {
  type Call,
  packArgs,
  packOptions,
  type Reply,
  unpack,
  unpackError,
  type Verb,
} from './message.ts'
import type { StoreOptions } from './open.ts'
import { VERBS, Vitals } from './vitals.ts'

const RESTART_AFTER = 250
/** How long an engine that does not answer may hold up the end. */
const CLOSE_PATIENCE = 5_000

/**
 * Opens a store in a worker thread of its own, so that neither a lock nor a slow disk nor a large
 * query stops the caller's loop. The verbs are those of {@link Store}; when the thread dies, calls
 * under way fail with store_unavailable, and a new thread is started.
 * @param threadUrl the bundle of thread.ts
 * @throws BalanceError as openStore does
 */
export async function openThreadedStore(
  options: StoreOptions,
  threadUrl: URL,
): Promise<Store & { readonly health: StoreHealth }> {
  const thread = new StoreThread(options, threadUrl)
  const url = await thread.start()
  const verbs = (as: Call['as']): Store => ({
    ...(Object.fromEntries(
      VERBS.map(verb => [verb, (...args: unknown[]) => thread.call(verb, args, as)]),
    ) as unknown as Omit<Store, 'url' | 'as' | 'close'>),
    url,
    as: (actor, revision) => verbs({ actor, revision: revision ?? null }),
    close: () => thread.close(),
  })
  return {
    ...verbs(null),
    get health() {
      return thread.health
    },
  }
}

interface Pending {
  readonly verb: Verb
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** The thread, its successor when it dies, and the calls it has not answered yet. */
class StoreThread {
  readonly #options: StoreOptions
  readonly #url: URL
  readonly #pending = new Map<number, Pending>()
  /** Null between the death of one thread and its successor's first word. */
  #worker: Worker | null = null
  #restart: Timer | null = null
  #closing = false
  readonly #vitals: Vitals
  /** Of this thread: another one begins with all keys, and says nothing of those that are gone. */
  #assembly = new CatalogueAssembly()
  #lastId = 0

  constructor(options: StoreOptions, url: URL) {
    this.#options = options
    this.#url = url
    this.#vitals = new Vitals(options.clock)
  }

  get health(): StoreHealth {
    return this.#vitals.health
  }

  /** Resolves with the store's URL once it is open. */
  start(): Promise<string> {
    const { clock: _, ...options } = this.#options
    const worker = new Worker(this.#url, {
      workerData: packOptions(options),
      // The thread is told what it needs; the rest of the environment is none of its business.
      env: {},
      execArgv: [],
    })
    return new Promise((resolve, reject) => {
      worker.on('message', (reply: Reply) => {
        if (!('opened' in reply)) this.#settle(reply)
        else if ('error' in reply.opened) reject(unpackError(reply.opened.error))
        else resolve(this.#began(worker, reply.opened.url))
      })
      let cause: unknown
      worker.on('error', error => {
        cause = error
      })
      worker.on('exit', () => {
        const error = died(cause)
        reject(error)
        if (this.#worker === worker) this.#ended(error)
      })
    })
  }

  /** @param as whose doing it is; null: the store's own actor */
  call(verb: Verb, args: unknown[], as: Call['as'] = null): Promise<unknown> {
    const worker = this.#worker
    if (!worker) return Promise.reject(died())
    const id = ++this.#lastId
    const call: Call = { id, verb, args: packArgs(args, verb), as }
    this.#vitals.began(id, verb)
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { verb, resolve, reject })
      worker.postMessage(call)
    })
  }

  async close(): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    this.#restart?.stop()
    const worker = this.#worker
    if (!worker) return
    const ended = new Promise(resolve => worker.once('exit', resolve))
    const late = this.#options.clock.after(CLOSE_PATIENCE, () => void worker.terminate())
    try {
      await this.call('close', [])
    } finally {
      await ended
      late.stop()
    }
  }

  #settle(reply: Exclude<Reply, { opened: unknown }>): void {
    const catalog = 'slice' in reply ? this.#assembly.add(reply.slice) : null
    if ('slice' in reply && catalog === null) return
    const pending = this.#pending.get(reply.id)
    if (!pending) return
    this.#pending.delete(reply.id)
    const error = 'error' in reply ? unpackError(reply.error) : null
    this.#vitals.ended(reply.id, error)
    if (error !== null) pending.reject(error)
    else pending.resolve('value' in reply ? unpack(reply.value, pending.verb) : catalog)
  }

  #began(worker: Worker, url: string): string {
    // Closed while it was being started again.
    if (this.#closing) void worker.terminate()
    this.#worker = worker
    this.#assembly = new CatalogueAssembly()
    this.#vitals.up()
    return url
  }

  #ended(error: BalanceError): void {
    this.#worker = null
    for (const { reject } of this.#pending.values()) reject(error)
    this.#pending.clear()
    this.#startAgain(error)
  }

  #startAgain({ message }: Error): void {
    if (this.#closing) return
    this.#vitals.down(message)
    this.#restart = this.#options.clock.after(RESTART_AFTER, () => {
      this.start().catch((error: Error) => this.#startAgain(error))
    })
  }
}

function died(cause?: unknown): BalanceError {
  return new BalanceError('store_unavailable', 'The store thread ended.', {
    ...(cause !== undefined && { cause }),
    hint: 'It is started again by itself: try again in a second.',
  })
}
