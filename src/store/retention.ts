import type { Kysely } from 'kysely'
import type { Clock } from '../base/clock.ts'
import type { Store } from '../model/store.ts'
import type { Engine } from './dialect.ts'
import { removeOldImported } from './imported-spans.ts'
import type { StoreParts } from './parts.ts'
import {
  CHUNK,
  NONE,
  type Removed,
  removeFailures,
  removeOld,
  removeOldest,
  removeRollups,
  removeSeries,
} from './removal.ts'
import type { Tables } from './tables.ts'

/** A call ends where either is reached: rows removed, or ms spent on it. */
const SLICE_ROWS = 1_000
const SLICE_MS = 8
const ROLLUPS_KEPT = 400 * 86_400_000
/** What rollups may take of a log that is too large. */
const ROLLUP_SHARE = 1 / 4
const HOUR = 3_600_000

/** Each statement stands by itself, so that nobody waits long for a lock. */
export function retentionVerbs({ engine, clock }: StoreParts): Pick<Store, 'prune'> {
  const span = new RollupSpan(engine, clock)
  return {
    async prune({ maxAge, errorMaxAge, maxBytes }) {
      const now = await engine.queryLog(db => engine.wall(db))
      const slice = new Slice(engine, clock)
      const isTooLarge = async () => (await engine.logSpace()).used > maxBytes
      await slice.fill(db => removeOld(db, 'exchanges', now, maxAge))
      await slice.fill(db => removeOld(db, 'failures', now, errorMaxAge))
      await slice.fill(db => removeOldImported(db, 'exchanges', now - maxAge))
      await slice.fill(db => removeOldImported(db, 'failures', now - errorMaxAge))
      await slice.fill(db => removeRollups(db, now - ROLLUPS_KEPT))
      await slice.fill(db => removeSeries(db, now))
      if (await isTooLarge()) {
        const since = await span.since(now, maxBytes)
        await slice.fill(db => removeRollups(db, since))
      }
      await slice.fill(async db => ((await isTooLarge()) ? removeOldest(db) : NONE))
      const unfinished = slice.isFull
      // With no exchange left, the rest may count as large only until the engine has noticed what
      // was removed: of these one slice at a time.
      if (await isTooLarge()) await slice.fill(removeFailures)
      const reclaimable = await engine.reclaimLog()
      const { disk } = await engine.logSpace()
      const { exchanges, failures } = slice
      return { exchanges, failures, bytes: disk, more: unfinished || reclaimable }
    },
  }
}

/** What one call removes. */
class Slice {
  readonly #engine: Engine
  readonly #clock: Clock
  readonly #end: number
  exchanges = 0
  failures = 0
  #rows = 0

  constructor(engine: Engine, clock: Clock) {
    this.#engine = engine
    this.#clock = clock
    this.#end = clock.now() + SLICE_MS
  }

  /** Whether the next chunk, of exchanges with as many failures, could be too much. */
  get isFull(): boolean {
    return this.#rows + 2 * CHUNK > SLICE_ROWS || this.#clock.now() >= this.#end
  }

  /** Removes chunk after chunk until there is nothing more to remove, or the slice is full. */
  async fill(remove: (db: Kysely<Tables>) => Promise<Removed>): Promise<void> {
    while (!this.isFull) {
      const { exchanges, failures, rollups, spans } = await this.#engine.queryLog(remove)
      const rows = exchanges + failures + rollups + spans
      if (rows === 0) return
      this.exchanges += exchanges
      this.failures += failures
      this.#rows += rows
    }
  }
}

/**
 * How far back rollups may go in a log that is too large, so that many years of hours with many
 * keys do not leave the exchanges no room. Found once an hour: an engine may have to read them all.
 */
class RollupSpan {
  readonly #engine: Engine
  readonly #clock: Clock
  #found: { readonly at: number; readonly maxBytes: number; readonly since: number } | null = null

  constructor(engine: Engine, clock: Clock) {
    this.#engine = engine
    this.#clock = clock
  }

  async since(now: number, maxBytes: number): Promise<number> {
    const at = this.#clock.now()
    const found = this.#found
    if (found && found.maxBytes === maxBytes && at - found.at < HOUR) return found.since
    const since = await this.#find(now, maxBytes)
    this.#found = { at, maxBytes, since }
    return since
  }

  async #find(now: number, maxBytes: number): Promise<number> {
    const bytes = await this.#engine.rollupSpace()
    const { oldest } = await this.#engine.queryLog(db =>
      db
        .selectFrom('rollups')
        .select(({ fn }) => fn.min('hour').as('oldest'))
        .where('dimension', '=', 'provider')
        .executeTakeFirstOrThrow(),
    )
    const share = (maxBytes * ROLLUP_SHARE) / bytes
    return oldest === null || share >= 1 ? 0 : now - (now - oldest) * share
  }
}
