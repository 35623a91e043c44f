import type { Clock, Timer } from '../base/clock.ts'
import type { Catalog, KeyMemory } from '../model/catalog.ts'
import type { Notify } from '../model/config.ts'
import { keyStatuses } from '../model/key-status.ts'
import type { Readiness } from '../model/readiness.ts'
import type { Notifier } from './notify.ts'

/** How often it is looked whether the status has changed, ms. */
const LOOK_MS = 5_000

interface ServiceWatchParts {
  readonly notifier: Pick<Notifier, 'ready' | 'status' | 'alive' | 'stopping'>
  /** Null where nobody asks: then nothing is looked at. */
  readonly notify: Notify | null
  readonly clock: Clock
  readonly status: () => string
  /** Whether requests are served by anyone; that this process' loop turns is known. */
  readonly serves: () => Promise<boolean>
}

/** Says from time to time how the daemon does, from when it serves. */
export class ServiceWatch {
  readonly #parts: ServiceWatchParts
  readonly #timers: Timer[] = []
  #told = ''

  /** Says at once that it serves. */
  constructor(parts: ServiceWatchParts) {
    const { notifier, notify, clock } = parts
    this.#parts = parts
    if (notify === null) return
    this.#look()
    notifier.ready()
    this.#timers.push(clock.every(LOOK_MS, () => this.#look()))
    const { watchdog } = notify
    if (watchdog !== null) this.#timers.push(clock.every(watchdog / 2, () => void this.#live()))
  }

  /** The drain begins; signs of life go on until {@link stop}. */
  stopping(): void {
    this.#parts.notifier.stopping()
    this.#tell('draining')
    this.#timers.shift()?.stop()
  }

  stop(): void {
    for (const timer of this.#timers) timer.stop()
  }

  #look(): void {
    this.#tell(this.#parts.status())
  }

  #tell(text: string): void {
    if (text === this.#told) return
    this.#told = text
    this.#parts.notifier.status(text)
  }

  async #live(): Promise<void> {
    if (await this.#parts.serves()) this.#parts.notifier.alive()
  }
}

/** `3 providers, 12 keys, 10 usable; revision 7`, after what is ill. */
export function statusLine(
  catalog: Pick<Catalog, 'providers' | 'keys' | 'revision'>,
  memories: readonly KeyMemory[],
  { pending, store }: Pick<Readiness, 'pending' | 'store'>,
  wall: number,
): string {
  const usable = keyStatuses({ keys: catalog.keys, memories }, wall).filter(
    ({ state }) => state === 'active',
  )
  const counts = [
    counted(catalog.providers.length, 'provider'),
    counted(catalog.keys.length, 'key'),
    `${usable.length} usable`,
  ]
  const ills = [
    ...(pending === null ? [] : [`revision ${pending.revision} is not in force: ${pending.error}`]),
    ...(store.ok ? [] : [`store trouble: ${store.error}`]),
  ]
  return [...ills, counts.join(', '), `revision ${catalog.revision}`].join('; ')
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
