import { hash, randomBytes } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'

const LIFE_MS = 30_000
/** More are not waited for at once: the oldest go. */
const MOST = 16

/** Links that log a browser in, once each: whoever may open the control socket may look at the dashboard. */
export class LoginLinks {
  readonly #clock: Clock
  /** SHA-256 of what is in the link → when it was made, monotonic ms. */
  readonly #made = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Makes one: its path and query. */
  make(): string {
    const secret = randomBytes(32).toString('base64url')
    this.#made.set(digest(secret), this.#clock.now())
    const [oldest] = this.#made.keys()
    if (this.#made.size > MOST && oldest !== undefined) this.#made.delete(oldest)
    return `/admin/link?t=${secret}`
  }

  /** Whether it was made in the last 30 s, and not used; from now on it is used. */
  use(secret: string): boolean {
    const key = digest(secret)
    const at = this.#made.get(key)
    this.#made.delete(key)
    return at !== undefined && this.#clock.now() - at < LIFE_MS
  }
}

function digest(secret: string): string {
  return hash('sha256', secret, 'hex')
}
