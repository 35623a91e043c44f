import type { Outcome } from '../model/outcome.ts'
import type { CompiledKey } from '../snapshot/snapshot.ts'
import type { Exit } from '../snapshot/way.ts'
import { beyondOutcome, transportOutcome } from '../upstream/fault.ts'
import type { ProxyFault } from '../upstream/proxy-fault.ts'

/** What one request found of the proxies it went through. */
export class Detours {
  readonly #avoided = new Set<string>()
  /** Those that said that they cannot reach the upstream. */
  #beyond: { readonly exit: Exit; readonly message: string }[] = []

  /** How this key is dialled; null where no proxy is left for this request. */
  exitOf({ way }: CompiledKey): Exit | null {
    return way.exit(this.#avoided)
  }

  /** An answer came through it: those that could not reach the upstream are to blame for it. */
  worked({ proxy }: Exit, now: number): void {
    if (proxy === null) return
    proxy.worked()
    for (const { exit, message } of this.#beyond) exit.proxy?.failed(message, false, now)
    this.#beyond = []
  }

  /**
   * It made no connection. Where it says that it cannot reach the upstream another is asked; if that
   * says the same, or there is none, the upstream is what cannot be reached.
   */
  failed(exit: Exit, key: CompiledKey, fault: ProxyFault, now: number): Outcome {
    this.#avoided.add(exit.id)
    const { kind, message } = fault
    if (kind !== 'beyond') {
      exit.proxy?.failed(message, kind !== 'broken', now)
      return transportOutcome(fault)
    }
    this.#beyond.push({ exit, message })
    if (this.#beyond.length === 1 && this.exitOf(key) !== null) return transportOutcome(fault)
    // The proxies do their work, as far as can be told; they may be asked again.
    for (const { exit } of this.#beyond) this.#avoided.delete(exit.id)
    this.#beyond = []
    return beyondOutcome(fault)
  }
}
