import type { KeyMemory, ProviderMemory } from './catalog.ts'
import type { ObjectNews, StoredObject } from './object.ts'
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

/** What a gateway and its owner tell each other of objects. */
export interface ObjectLink {
  /**
   * Objects that were made or went.
   * @returns resolves once the owner knows it; null where it does already. It never rejects
   */
  tell(news: ObjectNews): Promise<void> | null
  /** What the owner or its store knows of these ids, at any provider. It never rejects. */
  find(ids: readonly string[]): Promise<readonly StoredObject[]>
}
