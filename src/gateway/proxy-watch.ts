import type { Timer } from '../base/clock.ts'
import type { Exit } from '../snapshot/way.ts'
import type { Gateway } from './gateway.ts'

const LOOK_MS = 500
/** Upstreams that a proxy is asked for: one that is down says nothing of the proxy. */
const MOST_UPSTREAMS = 3

/**
 * Looks whether proxies that failed work again. Each process finds out for itself; a look is a tunnel to
 * a provider that is dialled through it, which is hung up again.
 */
export class ProxyWatch {
  readonly #gateway: Gateway
  readonly #timer: Timer
  readonly #looking = new Set<string>()
  #out = new Set<string>()

  constructor(gateway: Gateway) {
    this.#gateway = gateway
    this.#timer = gateway.clock.every(LOOK_MS, () => this.#look())
  }

  stop(): void {
    this.#timer.stop()
  }

  #look(): void {
    const { clock, holder } = this.#gateway
    const now = clock.now()
    const failing = new Map<string, Exit[]>()
    for (const { scopes } of holder.current?.byName.values() ?? []) {
      for (const exit of scopes.flatMap(scope => scope.exits)) {
        if (exit.proxy?.usable ?? true) continue
        const exits = failing.get(exit.id)
        if (exits) exits.push(exit)
        else failing.set(exit.id, [exit])
      }
    }
    this.#tell(failing)
    for (const [id, exits] of failing) {
      if (this.#looking.has(id) || now < (exits[0]?.proxy?.lookAt ?? 0)) continue
      this.#looking.add(id)
      void this.#try(exits.slice(0, MOST_UPSTREAMS)).finally(() => this.#looking.delete(id))
    }
  }

  async #try(exits: readonly Exit[]): Promise<void> {
    const { agents, clock } = this.#gateway
    for (const [index, { dial, proxy }] of exits.entries()) {
      try {
        await agents.tryProxy(dial)
        proxy?.worked()
        return
      } catch (error) {
        if (index === exits.length - 1) proxy?.stillFails((error as Error).message, clock.now())
      }
    }
  }

  #tell(failing: ReadonlyMap<string, readonly Exit[]>): void {
    const { log } = this.#gateway
    for (const [id, [exit]] of failing) {
      if (this.#out.has(id)) continue
      log.warn({ proxy: id, fault: exit?.proxy?.fault }, 'a proxy fails; its keys use others')
    }
    for (const id of this.#out) {
      if (!failing.has(id)) log.info({ proxy: id }, 'a proxy is in use again')
    }
    this.#out = new Set(failing.keys())
  }
}
