import type { KeyMemory, ProviderMemory } from './catalog.ts'
import type { ExchangeRecord } from './record.ts'

/**
 * All that a gateway knows of its owner, be it the same process or another.
 * No call waits, throws or blocks; what the owner cannot take it counts and drops.
 */
export interface Link {
  /** Exchanges that ended. */
  records(batch: readonly ExchangeRecord[]): void
  /** Keys whose state changed, each as a whole. */
  verdicts(batch: readonly KeyMemory[]): void
  /** Providers of which a breaker opened or closed. */
  outages(batch: readonly ProviderMemory[]): void
}
