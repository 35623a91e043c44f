import type { Clock } from '../../base/clock.ts'
import { networkOf } from '../../base/network.ts'

const WINDOW_MS = 60_000
/** Of all together, and of one network: passwords that are looked at within a minute. */
const MOST = 30
const MOST_OF_ONE = 10

/** Bounds how often a password may be tried. What it keeps is bounded too: the tries that it let through. */
export class LoginLimiter {
  readonly #clock: Clock
  #tries: { readonly at: number; readonly network: string }[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Claims one try; 0, or the milliseconds until there is one again. */
  claim(peer: string): number {
    const now = this.#clock.now()
    this.#tries = this.#tries.filter(({ at }) => at > now - WINDOW_MS)
    const network = networkOf(peer)
    const own = this.#tries.filter(each => each.network === network)
    const full = this.#tries.length >= MOST ? this.#tries : own.length >= MOST_OF_ONE ? own : null
    if (full !== null) return (full[0]?.at ?? now) + WINDOW_MS - now
    this.#tries.push({ at: now, network })
    return 0
  }
}
