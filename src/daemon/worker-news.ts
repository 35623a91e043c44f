import type { Clock } from '../base/clock.ts'
import { MOST_REMEMBERED } from '../gateway/objects.ts'
import type { Lessons } from '../model/catalog.ts'
import type { Link } from '../model/link.ts'
import type { ObjectNews } from '../model/object.ts'
import { Agreement } from './agreement.ts'
import type { ObjectKeeper } from './objects.ts'
import type { ToDaemon } from './worker-message.ts'
import type { WorkerProcess } from './worker-process.ts'

export interface WorkerNewsParts {
  /** Where what workers report goes. */
  readonly link: Link
  readonly objects: ObjectKeeper
  /** Records that a worker had to drop. */
  readonly onDropped: (records: number) => void
  readonly clock: Clock
}

/** What workers tell: it goes to the daemon, and what one learned also to the others. */
export class WorkerNews {
  readonly #parts: WorkerNewsParts
  readonly #ready: () => readonly WorkerProcess[]
  readonly #agreement: Agreement

  /** @param ready those that serve */
  constructor(parts: WorkerNewsParts, ready: () => readonly WorkerProcess[]) {
    this.#parts = parts
    this.#ready = ready
    this.#agreement = new Agreement(parts.clock)
  }

  take(worker: WorkerProcess, message: ToDaemon): void {
    const { link, objects, onDropped } = this.#parts
    switch (message.kind) {
      case 'records':
        link.records(message.batch)
        if (message.dropped > 0) onDropped(message.dropped)
        worker.tell({ kind: 'taken' })
        break
      case 'verdicts': {
        const agreed = this.#agreement.take(worker.pid, message.batch)
        link.verdicts(agreed)
        this.teach({ memories: agreed, outages: [] }, this.#othersThan(worker))
        break
      }
      case 'outages':
        link.outages(message.batch)
        this.teach({ memories: [], outages: message.batch }, this.#othersThan(worker))
        break
      case 'objects':
        objects.tell(message.news)
        // Before the word that lets the client have its answer: it may ask any of them next.
        this.#tellObjects(message.news, this.#othersThan(worker))
        worker.tell({ kind: 'noted', id: message.id })
        break
      case 'find':
        void this.#find(worker, message.id, message.ids)
        break
    }
  }

  teach(lessons: Lessons, workers: readonly WorkerProcess[]): void {
    for (const worker of workers) worker.tell({ kind: 'learn', lessons })
  }

  /** Tells a worker that begins what the others learned while it took its catalogue. */
  welcome(worker: WorkerProcess, lessons: Lessons): void {
    this.teach(lessons, [worker])
    this.#tellObjects({ made: this.#parts.objects.newest(MOST_REMEMBERED), gone: [] }, [worker])
  }

  async #find(worker: WorkerProcess, id: number, ids: readonly string[]): Promise<void> {
    worker.tell({ kind: 'found', id, objects: await this.#parts.objects.find(ids) })
  }

  #tellObjects(news: ObjectNews, workers: readonly WorkerProcess[]): void {
    for (const worker of workers) worker.tell({ kind: 'objects', news })
  }

  #othersThan(worker: WorkerProcess): WorkerProcess[] {
    return this.#ready().filter(other => other !== worker)
  }
}
