import type { ProxyHealth, ProxyState } from '../balancer/proxy-health.ts'
import { ownerOf } from '../balancer/rendezvous.ts'
import type { Dial } from '../upstream/agents.ts'
import type { Via } from '../upstream/tunnel.ts'

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

  /** Whether the other is dialled in the very same ways. */
  leadsAs({ exits }: Scope): boolean {
    return (
      this.exits.length === exits.length && exits.every((exit, n) => isExit(exit, this.exits[n]))
    )
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

function isExit({ dial, proxy }: Exit, other: Exit | undefined): boolean {
  if (other === undefined || other.proxy !== proxy) return false
  const { origin, connectTimeout, via } = other.dial
  if (origin !== dial.origin || connectTimeout !== dial.connectTimeout) return false
  if (via === null || dial.via === null) return via === dial.via
  return isVia(via, dial.via)
}

function isVia(one: Via, other: Via): boolean {
  for (const name of Object.keys(one) as (keyof Via)[]) {
    if (name !== 'password' && one[name] !== other[name]) return false
  }
  return one.password?.reveal() === other.password?.reveal()
}
