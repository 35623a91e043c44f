import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import type { Store } from '../../src/model/store.ts'
import { openStore } from '../../src/store/open.ts'
import { storeOptions } from '../support/store.ts'
import { attempt, exchange, NODE } from './suites/records.ts'
import { ALL, settle } from './suites/retention.ts'

const ROWS = 50_000
const HOURS = 100
const MIB = 2 ** 20

/** In the order of the tests: each leaves the log smaller to the next. */
describe('a log of 50,000 exchanges in SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bal-space-'))
  const begin = systemClock.wall() - HOURS * 3_600_000
  let store: Store

  beforeAll(async () => {
    store = await openStore(storeOptions(folder))
    for (let hour = 0; hour < HOURS; hour++) {
      const time = begin + hour * 3_600_000
      const batch = Array.from({ length: ROWS / HOURS }, (_, n) =>
        exchange({
          time,
          // Without an order, as clients choose them: the dearest for an index.
          requestId: `${(n * 7_919) % 500}-${hour}`,
          keyId: `k_${n}`,
          path: `/v1/${'long/'.repeat(40)}`,
          failures: n % 25 === 0 ? [attempt({ time })] : [],
        }),
      )
      await store.record(batch, NODE)
    }
  })
  afterAll(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const onDisk = () =>
    ['balance-log.db', 'balance-log.db-wal'].reduce(
      (sum, name) => sum + statSync(join(folder, name)).size,
      0,
    )
  const hours = () => store.stats({ by: 'hour', since: 0, until: systemClock.wall() })
  const newest = async () => (await store.records({ limit: 1 }))[0]?.requestId

  it('is left alone below its limit', async () => {
    // More than one call only where the host was too busy to look at everything in one slice's time.
    for (const slice of await settle(store, { ...ALL, maxBytes: 64 * MIB })) {
      expect(slice).toMatchObject({ exchanges: 0, failures: 0 })
    }
    expect(await hours()).toHaveLength(HOURS)
  })

  it('is brought below its limit on the disk, not far, by small slices of the oldest', async () => {
    const before = onDisk()
    const limit = 18 * MIB
    expect(before).toBeGreaterThan(limit)
    const last = await newest()
    const slices = await settle(store, { ...ALL, maxBytes: limit })
    for (const { exchanges, failures } of slices) {
      expect(exchanges + failures).toBeLessThanOrEqual(1_000)
    }
    expect(onDisk()).toBe(slices.at(-1)?.bytes)
    expect(onDisk()).toBeLessThan(1.1 * limit)
    expect(onDisk()).toBeGreaterThan(0.6 * limit)
    expect(await newest()).toBe(last)
    const [oldest] = await store.records({ limit: 1, after: 0 })
    expect(oldest?.time).toBeGreaterThan(begin)
    const failed = await store.failures({ limit: 10_000 })
    expect(failed.at(-1)?.time).toBeGreaterThanOrEqual(oldest?.time ?? 0)
    expect(await hours()).toHaveLength(HOURS)
  })

  it('gives back its file also while somebody reads, and its journal after', async () => {
    const limit = 13 * MIB
    const reader = new Sqlite(join(folder, 'balance-log.db'), { readonly: true })
    const rows = reader.prepare('select id from exchanges').iterate()
    rows.next()
    const start = systemClock.now()
    await store.prune({ ...ALL, maxBytes: limit })
    expect(systemClock.now() - start).toBeLessThan(200)
    await settle(store, { ...ALL, maxBytes: limit })
    rows.return?.()
    reader.close()
    await settle(store, { ...ALL, maxBytes: limit })
    expect(onDisk()).toBeLessThan(1.1 * limit)
  })

  it('keeps exchanges where hourly sums would take all the room', async () => {
    const limit = 8 * MIB
    await settle(store, { ...ALL, maxBytes: limit })
    expect(onDisk()).toBeLessThan(1.1 * limit)
    const kept = await hours()
    expect(kept.length).toBeLessThan(HOURS)
    expect(kept.length).toBeGreaterThan(HOURS / 3)
    expect(kept.at(-1)?.requests).toBe(ROWS / HOURS)
    expect((await store.records({ limit: ROWS })).length).toBeGreaterThan(1_000)
  })
})
