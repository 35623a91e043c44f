import type { ProxyHealth, ProxyState } from '../balancer/proxy-health.ts'
import { ownerOf } from '../balancer/rendezvous.ts'
import type { Dial } from '../upstream/agents.ts'

/** One way of dialling a provider. */
export interface Exit {
  /** The proxy's; empty for none. */
  readonly id: string
  readonly dial: Dial
  /** What is known of the proxy; null where it is dialled directly. */
  readonly proxy: ProxyState | null
}

/** All ways of dialling a provider: directly, or through one of these proxies. */
export class Scope {
  readonly exits: readonly Exit[]
  readonly #health: ProxyHealth

  /** @param exits none: it may not be dialled at all */
  constructor(exits: readonly Exit[], health: ProxyHealth) {
    this.exits = exits
    this.#health = health
  }

  get dials(): readonly Dial[] {
    return this.exits.map(({ dial }) => dial)
  }

  get epoch(): number {
    return this.#health.epoch
  }

  /** Monotonic ms of the next look at one of its proxies; null where none is waited for. */
  get lookAt(): number | null {
    const looks = this.exits.flatMap(({ proxy }) => proxy?.lookAt ?? [])
    return looks.length === 0 ? null : Math.min(...looks)
  }
}

/** How the requests of one key are dialled: it stays with its proxy while that works. */
export class Way {
  readonly scope: Scope
  readonly #keyId: string
  #epoch = -1
  #exit: Exit | null = null

  constructor(keyId: string, scope: Scope) {
    this.#keyId = keyId
    this.scope = scope
  }

  /**
   * Chosen anew only after a proxy left or came back.
   * @param avoid ids of proxies that have failed the request that asks
   * @returns null where no proxy is usable; it is never dialled directly instead
   */
  exit(avoid: ReadonlySet<string> | null = null): Exit | null {
    if (avoid !== null && avoid.size > 0) return this.#choose(({ id }) => !avoid.has(id))
    if (this.#epoch !== this.scope.epoch) {
      this.#epoch = this.scope.epoch
      this.#exit = this.#choose(() => true)
    }
    return this.#exit
  }

  #choose(open: (exit: Exit) => boolean): Exit | null {
    const usable = this.scope.exits.filter(exit => (exit.proxy?.usable ?? true) && open(exit))
    return ownerOf(this.#keyId, usable)
  }
}
