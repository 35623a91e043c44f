import type { KeyState } from './key-state.ts'
import type { Choose } from './policy.ts'
import { Ring } from './ring.ts'

/**
 * The keys usable for one model (null: for any that no key is limited for), tier by tier.
 * Unusable keys are not in it, so choosing costs nothing for them.
 */
export class Lane {
  readonly #model: string | null
  readonly #rings: Ring[] = []

  constructor(model: string | null) {
    this.#model = model
  }

  /** @param take false: only looks, as in {@link Choose} */
  choose(choose: Choose, tried: readonly KeyState[], now: number, take: boolean): KeyState | null {
    for (const ring of this.#rings) {
      const key = choose(ring, tried, now, take)
      if (key !== null) return key
    }
    return null
  }

  /** Puts the key in or takes it out, as its state now says. */
  place(key: KeyState, now: number): void {
    const usable = this.#model === null ? key.usable(now) : key.usableFor(this.#model, now)
    for (const ring of this.#rings) {
      if (ring.tier !== key.tier || !usable) ring.remove(key)
    }
    if (!usable) return
    const ring = this.#ring(key.tier)
    if (!ring.has(key)) ring.add(key)
  }

  /** Goes on in the rotation where another lane stood. */
  resume(earlier: Lane): void {
    for (const ring of this.#rings) {
      const next = earlier.#rings.find(({ tier }) => tier === ring.tier)?.next
      if (next) ring.resume(next)
    }
  }

  #ring(tier: number): Ring {
    let index = 0
    for (; index < this.#rings.length; index++) {
      const ring = this.#rings[index] as Ring
      if (ring.tier === tier) return ring
      if (ring.tier > tier) break
    }
    const ring = new Ring(tier)
    this.#rings.splice(index, 0, ring)
    return ring
  }
}
