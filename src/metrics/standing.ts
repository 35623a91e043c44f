import { Counter, Gauge, type Registry } from 'prom-client'
import type { DaemonStatus } from '../model/status.ts'

/** How the daemon stands at the moment of a scrape: what `balance status` shows, as numbers. */
export class Standing {
  readonly #keys
  readonly #breakers
  readonly #inFlight
  readonly #waiting
  readonly #written
  readonly #dropped
  readonly #store
  readonly #revision
  readonly #pending
  readonly #workers

  constructor(registry: Registry) {
    const gauge = <T extends string>(name: string, help: string, labelNames: readonly T[]) =>
      new Gauge({ name, help, labelNames, registers: [registry] })
    const counter = (name: string, help: string) =>
      new Counter({ name, help, registers: [registry] })
    this.#keys = gauge('balance_key_state', 'Keys of a provider that are in this state now.', [
      'provider',
      'state',
    ])
    this.#breakers = gauge(
      'balance_breakers',
      'Models of a provider, or all of them as one, whose breaker is not closed: open, or half-open.',
      ['provider', 'state'],
    )
    this.#inFlight = gauge('balance_in_flight_requests', 'Requests that are under way.', [])
    this.#waiting = gauge(
      'balance_log_queue_depth',
      'Records of requests that wait for the store.',
      [],
    )
    this.#written = counter('balance_log_written_total', 'Records that the store has taken.')
    this.#dropped = counter(
      'balance_log_dropped_total',
      'Records that were lost because too many waited.',
    )
    this.#store = gauge(
      'balance_store_up',
      '1 while the store can be read and written, else 0.',
      [],
    )
    this.#revision = gauge('balance_config_revision', 'The revision in force.', [])
    this.#pending = gauge(
      'balance_config_revision_pending',
      '1 while a newer revision could not be put into force, else 0.',
      [],
    )
    this.#workers = gauge('balance_workers', 'Processes that serve.', [])
  }

  /** Providers that are gone have no state: what was said of them before is taken back. */
  set({ providers, workers, records, revision, pending, store_health }: DaemonStatus): void {
    this.#keys.reset()
    this.#breakers.reset()
    for (const { name: provider, keys, breakers } of providers) {
      for (const [state, count] of Object.entries(keys)) this.#keys.set({ provider, state }, count)
      const states = Object.values(breakers)
      for (const state of ['open', 'half-open'] as const) {
        this.#breakers.set({ provider, state }, states.filter(found => found === state).length)
      }
    }
    this.#inFlight.set(workers.reduce((sum, { in_flight }) => sum + in_flight, 0))
    this.#workers.set(workers.length)
    this.#waiting.set(records?.waiting ?? 0)
    replace(this.#written, records?.written ?? 0)
    replace(this.#dropped, records?.dropped ?? 0)
    this.#store.set(store_health?.ok ? 1 : 0)
    this.#revision.set(revision)
    this.#pending.set(pending === null ? 0 : 1)
  }
}

/** Counted elsewhere, since the same start. */
function replace(counter: Counter, value: number): void {
  counter.reset()
  counter.inc(value)
}
