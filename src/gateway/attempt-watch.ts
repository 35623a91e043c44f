import { BalanceError } from '../base/errors.ts'
import type { ProviderSettings } from '../model/settings.ts'
import { AttemptTimeout } from '../upstream/fault.ts'
import type { Relay } from '../upstream/relay.ts'
import type { Exchange } from './exchange.ts'
import { OUT_OF_TIME } from './give-up.ts'

/** Comments alone keep a stream alive for so long. */
const COMMENTS_MS = 600_000

/** What is watched of an attempt. */
interface Watched {
  /** Of its exchange, from 1. */
  readonly number: number
  /** Monotonic ms. */
  readonly startedAt: number
  readonly relay: Relay
}

/** Ends an attempt whose time has run out. All times are monotonic ms. */
export class AttemptWatch {
  readonly #attempt: Watched
  readonly #exchange: Exchange
  readonly #settings: ProviderSettings
  /** The last sign of life, and the last event, as far as was looked. */
  #lifeAt: number
  #eventAt: number
  #headAt = 0
  /** From when on an answer is waited for: the dispatch, or the last byte that went up. */
  #waitsSince: number
  #stalledAt = 0

  /** @param settings of the provider that is asked */
  constructor(attempt: Watched, exchange: Exchange, settings: ProviderSettings) {
    this.#attempt = attempt
    this.#exchange = exchange
    this.#settings = settings
    this.#lifeAt = attempt.startedAt
    this.#eventAt = attempt.startedAt
    this.#waitsSince = attempt.startedAt
  }

  headCame(now: number): void {
    this.#headAt = now
  }

  /** Looks whether time has run out for this attempt, or for the client to read. */
  look(now: number, firstByteBy: number): void {
    const { relay, startedAt } = this.#attempt
    if (relay.ended) return
    if (relay.lively) {
      relay.lively = false
      this.#lifeAt = now
      if (!relay.streams || relay.tap?.lively) this.#eventAt = now
      if (relay.tap !== null) relay.tap.lively = false
    }
    if (this.#clientStalls(now) || this.#uploads(now)) return
    const { timeout, first_token_timeout, idle_timeout, commit_hold } = this.#settings
    if (!relay.committed && now >= firstByteBy + this.#waitsSince - startedAt) {
      this.#runOut()
    } else if (relay.status === 0) {
      if (now >= this.#waitsSince + timeout)
        this.#expire('upstream_timeout', 'The upstream sent no headers in time.')
    } else if (
      relay.streams &&
      !relay.meaningful &&
      now >= this.#waitsSince + first_token_timeout
    ) {
      this.#expire('first_token_timeout', 'The upstream sent no first token in time.')
    } else if (now >= this.#lifeAt + idle_timeout || now >= this.#eventAt + COMMENTS_MS) {
      this.#expire('upstream_timeout', 'The upstream fell silent inside its answer.')
    } else if (relay.streams && now >= this.#headAt + commit_hold) relay.commit()
  }

  /** Silence is the client's while it does not read; it has `write_idle` to go on. */
  #clientStalls(now: number): boolean {
    const { relay } = this.#attempt
    if (!relay.down.stalled) {
      this.#stalledAt = 0
      return false
    }
    if (this.#stalledAt === 0) this.#stalledAt = now
    this.#lifeAt = now
    if (now < this.#stalledAt + this.#exchange.snapshot.settings.write_idle) return true
    this.#exchange.left = true
    relay.leave()
    this.#exchange.response.destroy()
    return true
  }

  /**
   * As long as a body goes up nothing else is waited for. An upstream that takes no more of it has
   * `idle_timeout` to go on; whether it comes fast enough is looked at elsewhere.
   */
  #uploads(now: number): boolean {
    const upload = this.#exchange.body?.streaming
    if (!upload?.begun) return false
    if (upload.lively || upload.starving) {
      upload.lively = false
      this.#waitsSince = now
      this.#lifeAt = now
    }
    if (upload.ended || this.#attempt.relay.status !== 0) return false
    if (now >= this.#waitsSince + this.#settings.idle_timeout)
      this.#expire('upstream_timeout', 'The upstream took no more of the body in time.')
    return true
  }

  /** The time of all attempts is over. Where it was not this one that used it up, it is charged nothing. */
  #runOut(): void {
    const message = `${OUT_OF_TIME}.`
    if (this.#attempt.number === 1) this.#expire('upstream_timeout', message)
    else this.#attempt.relay.abort(new BalanceError('upstream_timeout', message))
  }

  #expire(code: AttemptTimeout['code'], message: string): void {
    this.#attempt.relay.abort(new AttemptTimeout(code, message))
  }
}
