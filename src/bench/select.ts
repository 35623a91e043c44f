import { Pool } from '../balancer/pool.ts'
import { systemClock } from '../base/clock.ts'
import { Secret } from '../base/secret.ts'
import type { Key, KeyMemory } from '../model/catalog.ts'
import { WORKED } from '../model/outcome.ts'
import { POLICIES, type Policy } from '../model/settings.ts'
import { type Spread, spread } from './figures.ts'

const KEYS = 10_000
const USABLE = 1_000
const MODEL = 'bench'

/** What it takes to choose a key among 10,000, of which 1,000 are usable, and to give it back: µs. */
export type Selecting = Readonly<Record<Policy, Spread>>

/** @param times how many keys are chosen in each round */
export function measureSelect(times: number, rounds: number): Selecting {
  const found = POLICIES.map(policy => {
    const pool = poolOf(policy)
    selectAll(pool, times)
    const taken = Array.from({ length: rounds }, () => selectAll(pool, times))
    return [policy, spread(taken)] as const
  })
  return Object.fromEntries(found) as Selecting
}

function selectAll(pool: Pool, times: number): number {
  const start = systemClock.now()
  for (let n = 0; n < times; n++) {
    const lease = pool.select(MODEL, [], start)
    if (lease === null) throw new Error('No key was given.')
    lease.release(WORKED, start, start)
  }
  return ((systemClock.now() - start) / times) * 1_000
}

/** Nine of ten are switched off, refused, out of money, or resting. */
function poolOf(policy: Policy): Pool {
  const pool = new Pool({ keyLearned: () => {}, breakerChanged: () => {} })
  const keys = Array.from({ length: KEYS }, (_, n) => keyOf(n))
  const memories = keys.map((key, n) => memoryOf(key.id, n)).filter(memory => memory !== null)
  const byKey = new Map(memories.map(memory => [memory.keyId, memory]))
  const now = systemClock.now()
  pool.update(keys, { policy, maxFailures: 3 }, byKey, now, 0)
  return pool
}

function keyOf(n: number): Key {
  return {
    id: `k_${n}`,
    provider: 'bench',
    label: `k_${n}`,
    weight: 1 + (n % 3),
    tier: 1,
    enabled: n % (KEYS / USABLE) !== 1,
    generation: 1,
    masked: '',
    reference: null,
    secret: SECRET,
    fault: null,
    rpm: null,
    concurrency: null,
    proxy: null,
    origin: 'command',
    createdAt: 0,
  }
}

const SECRET = new Secret('none')
const LONG = { remaining: 3_600_000, reason: 'bench' }

function memoryOf(keyId: string, n: number): KeyMemory | null {
  const kind = n % (KEYS / USABLE)
  if (kind <= 1) return null
  const invalid = kind <= 4 ? { reason: 'bench', since: 0 } : null
  const exhausted = kind > 4 && kind <= 7 ? ({ kind: 'exhausted', ...LONG } as const) : null
  const cooling = kind > 7 ? { [MODEL]: { kind: 'cooling', ...LONG } as const } : {}
  return { keyId, generation: 1, failures: 0, invalid, exhausted, cooling, savedAt: 0 }
}
