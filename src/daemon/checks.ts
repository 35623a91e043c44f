import { Live } from '../balancer/live.ts'
import { verdict } from '../balancer/verdict.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Redactor } from '../base/redactor.ts'
import { type Probe, probeAll, type Subject } from '../gateway/probe.ts'
import type { Catalog, Key, KeyMemory } from '../model/catalog.ts'
import type { Link } from '../model/link.ts'
import { compile } from '../snapshot/compile.ts'
import { Agents } from '../upstream/agents.ts'
import type { GatewayHost } from './gateway-host.ts'
import type { Learned } from './learned.ts'

/** How often it is looked which keys are due: so soon a changed interval is heeded. */
const LOOK_MS = 1_000

export interface ChecksParts {
  readonly clock: Clock
  readonly log: Logger
  /** That of the log. */
  readonly redactor: Redactor
  /** What is in force. */
  readonly catalog: () => Catalog | null
  readonly learned: Learned
  /** Where verdicts are written down. */
  readonly link: Pick<Link, 'verdicts'>
  readonly gateway: Pick<GatewayHost, 'learn'>
  /** Whether this node does the work of all. */
  readonly mayWork: () => boolean
}

/** Since when a refused key waits for its next check. */
interface Wait {
  /** Which word about the key it counts from: a later one, of whichever node, begins it anew. */
  readonly savedAt: number
  /** Monotonic ms. */
  readonly since: number
}

/** A key to be checked, as it stands in the catalogue. */
interface Refused extends Subject {
  readonly row: Key
}

/**
 * Asks every `check_interval` whether keys that were refused work again, and brings back those that
 * do. A key's wait begins at the start, and with every word about it, so that neither a restart nor
 * a lease that goes to another node has it asked twice.
 */
export class Checks {
  readonly #parts: ChecksParts
  readonly #timer: Timer
  readonly #waits = new Map<string, Wait>()
  #round: Promise<void> | null = null
  /** Ends the round under way. */
  #end = new AbortController()

  constructor(parts: ChecksParts) {
    this.#parts = parts
    this.#timer = parts.clock.every(LOOK_MS, () => this.#look())
  }

  /** Gives up what is under way. */
  async stop(): Promise<void> {
    this.#timer.stop()
    this.#end.abort()
    await this.#round
  }

  #look(): void {
    const { catalog: read, mayWork, clock, log } = this.#parts
    if (this.#round !== null) {
      if (!mayWork()) this.#end.abort()
      return
    }
    const catalog = read()
    if (catalog === null) return
    const refused = this.#refused(catalog)
    this.#await(refused)
    const { check_interval: interval } = catalog.settings
    if (interval === 0 || !mayWork()) return
    const now = clock.now()
    const due = refused.filter(({ id }) => now >= (this.#waits.get(id)?.since ?? now) + interval)
    if (due.length === 0) return
    this.#round = this.#check(catalog, due)
      .catch(error => log.error({ err: error }, 'refused keys could not be checked'))
      .finally(() => {
        this.#round = null
      })
  }

  /** Those that their owner wants used and that can be shown to a provider. */
  #refused({ providers, keys }: Catalog): Key[] {
    const enabled = new Set(providers.filter(each => each.enabled).map(({ name }) => name))
    return keys.filter(
      key =>
        key.enabled &&
        key.secret !== null &&
        enabled.has(key.provider) &&
        this.#refusal(key) !== null,
    )
  }

  /** What is known of a key that was refused; null for any other. */
  #refusal({ id, generation }: Key): KeyMemory | null {
    const memory = this.#parts.learned.of(id)
    return memory?.generation === generation && memory.invalid !== null ? memory : null
  }

  #await(refused: readonly Key[]): void {
    const present = new Set(refused.map(({ id }) => id))
    for (const id of this.#waits.keys()) if (!present.has(id)) this.#waits.delete(id)
    const since = this.#parts.clock.now()
    for (const key of refused) {
      const savedAt = this.#refusal(key)?.savedAt ?? 0
      if (this.#waits.get(key.id)?.savedAt !== savedAt) this.#waits.set(key.id, { savedAt, since })
    }
  }

  /** Connections of its own: with workers, those of real traffic are elsewhere. */
  async #check(catalog: Catalog, due: readonly Key[]): Promise<void> {
    const { clock, redactor } = this.#parts
    this.#end = new AbortController()
    const agents = new Agents()
    try {
      for (const { secret } of due) if (secret !== null) redactor.add(secret.reveal())
      const parts = { agents, clock, redactor, signal: this.#end.signal }
      await probeAll(parts, subjectsOf(catalog, due, clock), (subject, found) =>
        this.#take(subject, found),
      )
    } finally {
      await agents.destroy()
    }
  }

  #take({ row, provider }: Refused, found: Probe): void {
    const { clock, log, link, gateway } = this.#parts
    const before = this.#refusal(row)
    // Its owner, or another node, had a word about it meanwhile.
    if (before === null) return
    const now = clock.now()
    const { test_model: model, max_failures: maxFailures } = provider.settings
    const by = { maxFailures, now, wall: clock.wall(), random: Math.random }
    const after = verdict(row, before, found, model, by)
    if (after !== null) {
      link.verdicts([after])
      gateway.learn({ memories: [after], outages: [] })
    }
    this.#waits.set(row.id, { savedAt: (after ?? before).savedAt, since: now })
    const who = { key: row.id, provider: provider.name }
    if (after !== null && after.invalid === null) log.info(who, 'a refused key is accepted again')
    else log.info({ ...who, answer: found.outcome.detail }, 'a refused key stays invalid')
  }
}

function subjectsOf(catalog: Catalog, keys: readonly Key[], clock: Clock): Refused[] {
  const { byName } = compile({ ...catalog, keys, tokens: [] }, new Live(clock))
  return keys.flatMap(row => {
    const provider = byName.get(row.provider)
    const key = provider?.keys.get(row.id)
    return provider && key ? [{ row, provider, key }] : []
  })
}
