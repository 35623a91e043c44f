import type { Clock, Timer } from '../../base/clock.ts'
import { BalanceError } from '../../base/errors.ts'
import type { Logger } from '../../base/log.ts'
import type { Store } from '../../model/store.ts'
import { LoginLimiter } from './limiter.ts'
import { isPassword } from './password.ts'

/** Failed logins of so long are told in one row of the audit. */
const BURST_MS = 60_000
const MOST_PEERS = 10

interface LoginParts {
  readonly store: Pick<Store, 'adminPassword' | 'noteFailedLogins'>
  readonly clock: Clock
  readonly log: Logger
}

/** Compares passwords: few of them, and one after the other, since each costs 0.3 s and 128 MiB. */
export class Logins {
  readonly #parts: LoginParts
  readonly #limiter: LoginLimiter
  #turn: Promise<unknown> = Promise.resolve()
  #failed: Failed | null = null

  constructor(parts: LoginParts) {
    this.#parts = parts
    this.#limiter = new LoginLimiter(parts.clock)
  }

  /**
   * Returns where this is the password. Whether one is set at all, neither the error nor its time tells.
   * @param left whether nobody waits for the answer any more
   * @throws BalanceError invalid_password, too_many_logins; store_*
   */
  async check(password: string, peer: string, left: () => boolean): Promise<void> {
    const wait = this.#limiter.claim(peer)
    if (wait > 0) {
      this.#fail('limited', peer)
      throw new BalanceError('too_many_logins', 'Too many passwords were tried.', {
        retryAfter: wait,
        hint: 'On its own host, balance dashboard opens it without one.',
      })
    }
    const compared = this.#turn.then(() => {
      if (left()) throw new BalanceError('client_closed', 'The browser left.')
      return this.#compare(password)
    })
    this.#turn = compared.catch(() => {})
    if (await compared) return
    this.#fail('wrong', peer)
    throw new BalanceError('invalid_password', 'This is not the password.', {
      hint: 'On its own host, balance dashboard opens it without one, and balance admin password sets another.',
    })
  }

  /** Tells the audit of what it was not told yet. */
  async close(): Promise<void> {
    await this.#tell()
  }

  async #compare(password: string): Promise<boolean> {
    return isPassword(password, await this.#parts.store.adminPassword())
  }

  #fail(how: 'wrong' | 'limited', peer: string): void {
    const { clock, log } = this.#parts
    if (this.#failed === null) {
      log.warn({ peer }, 'a login to the dashboard failed')
      const timer = clock.after(BURST_MS, () => void this.#tell())
      this.#failed = { wrong: 0, limited: 0, peers: new Set(), timer }
    }
    this.#failed[how]++
    if (this.#failed.peers.size < MOST_PEERS) this.#failed.peers.add(peer)
  }

  async #tell(): Promise<void> {
    const failed = this.#failed
    if (failed === null) return
    this.#failed = null
    failed.timer.stop()
    const { wrong, limited } = failed
    this.#parts.log.warn(
      { wrong, limited, peers: [...failed.peers] },
      'logins to the dashboard failed',
    )
    try {
      await this.#parts.store.noteFailedLogins({ wrong, limited, peers: [...failed.peers] })
    } catch (error) {
      this.#parts.log.error({ err: error }, 'the audit was not told of failed logins')
    }
  }
}

/** Logins that failed since the audit was told last. */
interface Failed {
  wrong: number
  limited: number
  readonly peers: Set<string>
  readonly timer: Timer
}
