import { describe, expect, it } from 'vitest'
import { type Finding, verdict } from '../../src/balancer/verdict.ts'
import type { KeyMemory } from '../../src/model/catalog.ts'
import { type Fault, type Outcome, WORKED } from '../../src/model/outcome.ts'
import { key, keyMemory } from '../support/catalog.ts'

const MODEL = 'tested'
const BY = { maxFailures: 3, now: 50_000, wall: 9_000, random: () => 0.5 }

const INVALID = { reason: 'invalid_api_key', since: 500 }
const EXHAUSTED = { kind: 'exhausted', remaining: 60_000, reason: 'insufficient_quota' } as const
const COOLING = { kind: 'cooling', remaining: 60_000, reason: 'rate' } as const
/** Everything that can be held against a key. */
const WORST = keyMemory({
  failures: 3,
  invalid: INVALID,
  exhausted: EXHAUSTED,
  cooling: { [MODEL]: COOLING, other: COOLING },
})

function outcome(fault: Fault, change: Partial<Outcome> = {}): Outcome {
  return { ...WORKED, fault, reach: 'rejected', detail: `said_${fault}`, ...change }
}

const free = (told: Outcome, status: number | null = 200): Finding => ({
  outcome: told,
  status,
  paid: false,
})
const paid = (told: Outcome, status: number | null = 200): Finding => ({
  ...free(told, status),
  paid: true,
})

function learned(finding: Finding, memory: KeyMemory | null = WORST): KeyMemory | null {
  return verdict(key('a'), memory ?? undefined, finding, MODEL, BY)
}

describe('what a test of a key teaches', () => {
  it('by a free call that works: that it is not invalid, and nothing else', () => {
    expect(learned(free(WORKED))).toEqual({
      ...WORST,
      failures: 0,
      invalid: null,
      // The 8 s that passed since it was saved.
      exhausted: { ...EXHAUSTED, remaining: 52_000 },
      cooling: {
        [MODEL]: { ...COOLING, remaining: 52_000 },
        other: { ...COOLING, remaining: 52_000 },
      },
      savedAt: 9_000,
    })
  })

  it('by a paid call that works: also that it has money, and may use this model', () => {
    expect(learned(paid(WORKED))).toEqual({
      ...WORST,
      failures: 0,
      invalid: null,
      exhausted: null,
      cooling: { other: { ...COOLING, remaining: 52_000 } },
      savedAt: 9_000,
    })
  })

  it.each([400, 403, 422])(
    'by a refusal of the request (%d): that the key was accepted',
    status => {
      for (const finding of [free(outcome('client'), status), paid(outcome('client'), status)]) {
        expect(learned(finding)).toMatchObject({
          failures: 0,
          invalid: null,
          exhausted: { kind: 'exhausted' },
        })
      }
    },
  )

  it.each<[string, Finding]>([
    ['a server without a list', free(outcome('client'), 404)],
    ['a server that lists nothing by GET', free(outcome('client'), 405)],
    ['a test_model that is not there', paid(outcome('client'), 404)],
    ['a provider that fails', free(outcome('provider'), 500)],
    ['a provider that is out of reach', paid(outcome('provider'), null)],
    ['this host', free(outcome('local'), null)],
    ['a rate limit on a free call', free(outcome('rate', { retryAfter: 5_000 }), 429)],
    ['a key that may not list models', free(outcome('model'), 403)],
  ])('by %s: nothing', (_, finding) => {
    expect(learned(finding)).toBeNull()
    expect(learned(finding, null)).toBeNull()
  })

  it('nothing new of a key that was fine, where it works', () => {
    expect(learned(free(WORKED), null)).toBeNull()
    expect(learned(paid(WORKED), keyMemory())).toBeNull()
  })

  it('by a refusal of the key: one more in a row, invalid at the last', () => {
    const refused = free(outcome('auth'), 401)
    const first = learned(refused, null)
    expect(first).toMatchObject({ failures: 1, invalid: null })
    const second = learned(refused, first)
    expect(learned(refused, second)).toMatchObject({
      failures: 3,
      invalid: { reason: 'said_auth', since: 9_000 },
    })
  })

  it('by a refusal of an invalid key: that it stays so, for the reason and since the time it was', () => {
    for (const finding of [free(outcome('auth'), 401), paid(outcome('auth'), 401)]) {
      expect(learned(finding)).toMatchObject({ failures: 4, invalid: INVALID })
    }
  })

  it('by either call without money: that it is exhausted, until then', () => {
    const told = outcome('quota', { retryAfter: 7_000 })
    for (const finding of [free(told, 429), paid(told, 402)]) {
      expect(learned(finding, null)).toMatchObject({
        exhausted: { remaining: 7_000, reason: 'said_quota' },
      })
    }
  })

  it('by a paid call that is rate limited, or refused the model: a limit on that model', () => {
    const limited = learned(paid(outcome('rate', { retryAfter: 7_000 }), 429), null)
    expect(limited?.cooling).toEqual({
      [MODEL]: { kind: 'cooling', remaining: 7_000, reason: 'said_rate' },
    })
    const refused = learned(paid(outcome('model'), 403), null)
    expect(refused?.cooling[MODEL]?.remaining).toBe(600_000)
  })

  it('without what was known of an older generation', () => {
    const told = verdict(key('a', { generation: 2 }), WORST, free(outcome('auth'), 401), MODEL, BY)
    expect(told).toMatchObject({ generation: 2, failures: 1, invalid: null, exhausted: null })
  })
})
