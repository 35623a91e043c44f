import { describe, expect, it } from 'vitest'
import type { ImportedBatch } from '../../../src/model/record.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import type { Place } from '../place.ts'
import { attempt, exchange, NODE } from './records.ts'

const SOURCE = 'import:0123456789ab'

const BATCH: ImportedBatch = {
  exchanges: [exchange({ requestId: 'i:1', status: 500 }), exchange({ requestId: 'i:2' })],
  failures: [{ ...attempt({ provider: '', keyId: '', status: null }), requestId: 'i:e1' }],
  after: { requests: 0, failures: 0 },
  heads: { requests: 2, failures: 1 },
}

export function importedLogSuite(place: () => Promise<Place>): void {
  describe('the log of another gateway', () => {
    it('is appended with its failed attempts, its sums, and how far it is', async () => {
      const store = await (await place()).open()
      expect(await store.importedHeads(SOURCE)).toEqual({ requests: 0, failures: 0 })
      await store.importLog(SOURCE, BATCH)
      expect(await store.importedHeads(SOURCE)).toEqual(BATCH.heads)
      expect(await store.records({ limit: 9 })).toMatchObject([
        { requestId: 'i:2', node: SOURCE },
        { requestId: 'i:1', node: SOURCE },
      ])
      expect(await store.failures({ limit: 9 })).toMatchObject([
        { requestId: 'i:e1', provider: '', status: null },
      ])
      const [sum] = await store.stats({ by: 'provider', since: 0, until: 2 ** 42 })
      expect(sum).toMatchObject({ group: 'openai', requests: 2, errors: 1 })
    })

    it('is not written twice, and keeps what others wrote last in mind', async () => {
      const clock = new ManualClock()
      const store = await (await place()).open({ clock })
      await store.record([exchange()], NODE, 'batch-1')
      await store.importLog(SOURCE, BATCH)
      await store.importLog(SOURCE, BATCH)
      await store.record([exchange()], NODE, 'batch-1')
      expect(await store.records({ limit: 9 })).toHaveLength(3)
      // A node that is new sweeps the marks of those that are gone, but not this one.
      clock.advance(7 * 86_400_000)
      await store.record([exchange()], 'other:2', 'batch-1')
      expect(await store.importedHeads(SOURCE)).toEqual(BATCH.heads)
    })

    it('is not written by one who began where another has been meanwhile', async () => {
      const store = await (await place()).open()
      expect(await store.importLog(SOURCE, BATCH)).toEqual({ written: true, heads: BATCH.heads })
      const further = { ...BATCH, heads: { requests: 3, failures: 1 } }
      const refused = { written: false, heads: BATCH.heads }
      expect(await store.importLog(SOURCE, further)).toEqual(refused)
      expect(await store.importLog(SOURCE, BATCH)).toEqual(refused)
      expect(await store.records({ limit: 9 })).toHaveLength(2)
      expect(await store.failures({ limit: 9 })).toHaveLength(1)
      const next = { ...further, after: BATCH.heads }
      expect(await store.importLog(SOURCE, next)).toMatchObject({ written: true })
      const never = { ...BATCH, after: { requests: 7, failures: 0 } }
      expect(await store.importLog('import:another', never)).toEqual({
        ...{ written: false, heads: { requests: 0, failures: 0 } },
      })
    })

    it('is taken whole or not at all', async () => {
      const store = await (await place()).open()
      const broken = {
        ...BATCH,
        failures: [{ ...attempt({ time: null as never }), requestId: 'x' }],
      }
      await expect(store.importLog(SOURCE, broken)).rejects.toThrow()
      expect(await store.records({ limit: 9 })).toEqual([])
      expect(await store.importedHeads(SOURCE)).toEqual({ requests: 0, failures: 0 })
    })
  })
}
