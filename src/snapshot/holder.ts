import type { Live } from '../balancer/live.ts'
import type { Clock } from '../base/clock.ts'
import type { Catalog } from '../model/catalog.ts'
import type { Agents } from '../upstream/agents.ts'
import { compile, groupByProvider } from './compile.ts'
import type { Snapshot } from './snapshot.ts'

/** Keeps the one snapshot in force. Who serves a request takes `current` once and stays with it. */
export class SnapshotHolder {
  readonly #live: Live
  readonly #agents: Agents
  readonly #clock: Clock
  #current: Snapshot | null = null

  constructor(live: Live, agents: Agents, clock: Clock) {
    this.#live = live
    this.#agents = agents
    this.#clock = clock
  }

  /** Null until the first catalogue is in force. */
  get current(): Snapshot | null {
    return this.#current
  }

  /** What {@link swap} puts into force; requests may have a turn between the two. @throws as it does */
  compile(catalog: Catalog): Snapshot {
    return compile(catalog, this.#live, this.#current)
  }

  /**
   * Puts a catalogue into force: compile all of it, then carry the live state over, then swap.
   * The last two in one turn of the loop, so no request sees a half.
   * @param next what {@link compile} made of it, after the last swap
   * @throws BalanceError config_invalid naming the row that is wrong; then nothing has changed
   */
  swap(catalog: Catalog, next = this.compile(catalog)): Snapshot {
    this.#carry(catalog, next)
    this.#current = next
    const scopes = Array.from(next.byName.values(), provider => provider.scopes).flat()
    this.#agents.retain(scopes.flatMap(scope => scope.dials))
    return next
  }

  #carry(catalog: Catalog, next: Snapshot): void {
    const now = this.#clock.now()
    const wall = this.#clock.wall()
    const memories = new Map(catalog.memories.map(memory => [memory.keyId, memory]))
    const keys = groupByProvider(catalog.keys)
    for (const provider of next.byName.values()) {
      const rules = {
        policy: provider.settings.policy,
        maxFailures: provider.settings.max_failures,
      }
      provider.pool.update(keys.get(provider.name) ?? [], rules, memories, now, wall)
    }
    this.#live.configure(catalog.providers)
    this.#live.learnOutages(catalog.outages)
    for (const token of catalog.tokens) this.#live.caller(token.id).configure(token)
    this.#live.proxies.retain(new Set(catalog.proxies.map(({ id }) => id)))
    this.#live.retain(
      new Set(catalog.providers.map(({ id }) => id)),
      new Set(catalog.tokens.map(({ id }) => id)),
      new Set(catalog.routes.map(({ model }) => model)),
    )
  }
}
