import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { In } from '../../src/control/api.ts'
import { keyPage } from '../../src/control/key-page.ts'
import { KEY_CONDITIONS, KEY_ORDERS } from '../../src/control/operations/keys.ts'
import type { Key, KeyMemory } from '../../src/model/catalog.ts'
import { keyStatus } from '../../src/model/key-status.ts'
import { catalog } from '../support/catalog.ts'

const WALL = 1_700_000_000_000

type Query = In<'keys.list'>

const ALL: Query = { sort: 'created', order: 'asc', limit: 200, offset: 0 }

function key(index: number, change: Partial<Key> = {}): Key {
  return {
    id: `k_${String(index).padStart(10, '0')}`,
    provider: 'openai',
    label: `key-${index}`,
    weight: 1,
    tier: 1,
    enabled: true,
    generation: 1,
    masked: `sk-…${String(index).padStart(4, '0')}`,
    reference: null,
    secret: null,
    fault: null,
    rpm: null,
    concurrency: null,
    proxy: null,
    origin: 'command',
    createdAt: WALL + index,
    ...change,
  }
}

function memory(keyId: string, change: Partial<KeyMemory>): KeyMemory {
  const nothing = { failures: 0, invalid: null, exhausted: null, cooling: {} }
  return { keyId, generation: 1, ...nothing, savedAt: WALL, ...change }
}

function learnedOf(memories: readonly KeyMemory[]): (id: string) => KeyMemory | undefined {
  const known = new Map(memories.map(one => [one.keyId, one]))
  return id => known.get(id)
}

const cooling = { '': { kind: 'cooling', remaining: 60_000, reason: '429' } } as const
const HELD: readonly Partial<KeyMemory>[] = [
  {},
  { failures: 1 },
  { failures: 3, invalid: { reason: 'refused', since: WALL } },
  { cooling },
]

const keys = fc.array(
  fc.record({
    provider: fc.constantFrom('openai', 'groq'),
    label: fc.constantFrom('a', 'A%', 'a_b', '%', 'ü', 'key-1', '\\'),
    enabled: fc.boolean(),
    held: fc.nat(HELD.length - 1),
  }),
  { maxLength: 40 },
)
const query: fc.Arbitrary<Query> = fc.record(
  {
    provider: fc.constantFrom('openai', 'groq'),
    state: fc.constantFrom(...KEY_CONDITIONS),
    q: fc.constantFrom('', 'a', 'A', '%', '_', 'a%', 'k_00', '00', '\\', '…'),
    sort: fc.constantFrom(...KEY_ORDERS),
    order: fc.constantFrom('asc', 'desc'),
    limit: fc.integer({ min: 1, max: 10 }),
    offset: fc.nat(20),
  },
  { requiredKeys: ['sort', 'order', 'limit', 'offset'] },
)

const exitOf = ({ id }: { readonly id: string }) => `of ${id}`

describe('a page of keys', () => {
  it('is a part of those that fit, in their order, and counts them all', () => {
    fc.assert(
      fc.property(keys, query, (given, asked) => {
        const all = given.map(({ held: _, ...change }, index) => key(index, change))
        const learned = learnedOf(
          given.map(({ held }, index) => memory(key(index).id, HELD[held] ?? {})),
        )
        const { provider, state, q = '' } = asked
        const begins = (text: string) => text.toLowerCase().startsWith(q.toLowerCase())
        const found = all
          .filter(one => provider === undefined || one.provider === provider)
          .filter(({ id, label, masked }) => [id, label, masked.slice(4)].some(begins))
          .map(one => ({ ...keyStatus(one, learned(one.id), WALL), via: exitOf(one) }))
        const wanted = found.filter(one => state === undefined || one.state === state)
        const page = keyPage(all, learned, WALL, exitOf, asked)
        expect(page.total).toBe(wanted.length)
        for (const name of KEY_CONDITIONS) {
          expect(page.by_state[name]).toBe(found.filter(one => one.state === name).length)
        }
        expect(page.rows.length).toBe(
          Math.max(0, Math.min(asked.limit, wanted.length - asked.offset)),
        )
        const whole = keyPage(all, learned, WALL, exitOf, { ...asked, limit: 200, offset: 0 }).rows
        expect(whole.slice(asked.offset, asked.offset + asked.limit)).toEqual(page.rows)
        expect(new Set(whole)).toEqual(new Set(wanted))
        const places = whole.map(row => placeOf(row, asked.sort))
        const sorted = places.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
        expect(places).toEqual(asked.order === 'asc' ? sorted : sorted.reverse())
      }),
      { numRuns: 300 },
    )
  })

  it('of ten thousand keys takes less than 50 ms, whatever is asked', () => {
    const many = Array.from({ length: 10_000 }, (_, n) =>
      key(n, { label: `key-${(n * 7_919) % 10_000}`, enabled: n % 7 !== 0 }),
    )
    const learned = learnedOf(
      many.filter((_, n) => n % 3 === 0).map(({ id }, n) => memory(id, HELD[n % 4] ?? {})),
    )
    const { keys: held } = catalog({ keys: many })
    for (const sort of KEY_ORDERS) {
      for (const q of ['', 'key-9', '%'.repeat(50)]) {
        // The best of several: what else runs here is not what is measured.
        const took = Array.from({ length: 7 }, () => {
          const began = performance.now()
          keyPage(held, learned, WALL, exitOf, { ...ALL, sort, order: 'desc', q })
          return performance.now() - began
        })
        expect(Math.min(...took), `${sort} ${q}`).toBeLessThan(50)
      }
    }
  })
})

function placeOf(row: ReturnType<typeof keyStatus>, sort: Query['sort']): string | number {
  switch (sort) {
    case 'label':
      return `${row.label}\0${row.provider}`
    case 'state':
      return KEY_CONDITIONS.indexOf(row.state)
    case 'failures':
      return row.failures
    case 'created':
      return row.created
  }
}
