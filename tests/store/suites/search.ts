import { describe, expect, it } from 'vitest'
import { WINDOW } from '../../../src/store/search.ts'
import type { Place } from '../place.ts'
import { attempt, exchange } from './records.ts'

const ROWS = 2 * WINDOW + 2
const BATCH = 1_000
/** First and last of the log and of what is looked through at once, the newest first. */
const RARE = [ROWS - 1, ROWS - WINDOW, ROWS - WINDOW - 1, ROWS - 2 * WINDOW, 1, 0]

export function searchSuite(place: () => Promise<Place>): void {
  describe('a search for what is seldom in a long log', () => {
    it('finds all of it once, in pages, and lets others in when it finds nothing', {
      timeout: 60_000,
    }, async () => {
      const store = await (await place()).open()
      for (let first = 0; first < ROWS; first += BATCH) {
        const batch = Array.from({ length: Math.min(BATCH, ROWS - first) }, (_, n) =>
          one(first + n),
        )
        await store.record(batch, 'host:1')
      }
      const names = RARE.map(number => `r-${number}`)
      const all = await store.records({ limit: 10, token: 'rare' })
      expect(all.map(({ requestId }) => requestId)).toEqual(names)
      const two = await store.records({ limit: 2, token: 'rare' })
      const before = two.at(-1)?.id as number
      const next = await store.records({ limit: 3, token: 'rare', before })
      const page = [...two, ...next].map(({ requestId }) => requestId)
      expect(page).toEqual(names.slice(0, 5))
      const far = await store.records({ limit: 1, token: 'rare', before: 2 ** 52 })
      expect(far.map(({ requestId }) => requestId)).toEqual(names.slice(0, 1))
      const failed = await store.failures({ limit: 10, token: 'rare' })
      expect(failed.map(({ requestId }) => requestId)).toEqual(names)
      expect(await store.failures({ limit: 10, provider: 'nobody' })).toEqual([])

      const turns = new Turns()
      expect(await store.records({ limit: 10, provider: 'nobody' })).toEqual([])
      expect(turns.stop()).toBeGreaterThanOrEqual(ROWS / WINDOW)
    })

    it('finds nothing where there is nothing', async () => {
      const store = await (await place()).open()
      expect(await store.records({ limit: 10, token: 'rare' })).toEqual([])
      expect(await store.failures({ limit: 10, token: 'rare' })).toEqual([])
    })
  })
}

function one(number: number) {
  const rare = RARE.includes(number)
  return exchange({
    requestId: `r-${number}`,
    token: rare ? 'rare' : 'usual',
    failures: rare ? [attempt()] : [],
  })
}

/** How often the event loop came round. */
class Turns {
  #count = 0
  #next = setImmediate(() => this.#turn())

  #turn(): void {
    this.#count++
    this.#next = setImmediate(() => this.#turn())
  }

  stop(): number {
    clearImmediate(this.#next)
    return this.#count
  }
}
