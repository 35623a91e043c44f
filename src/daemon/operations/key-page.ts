import type { In } from '../../control/api.ts'
import { KEY_CONDITIONS, type KeyOrder, type KeyPage } from '../../control/operations/keys.ts'
import type { Key, KeyCondition, KeyMemory } from '../../model/catalog.ts'
import { keyState, keyStatus } from '../../model/key-status.ts'
import type { Learned } from '../learned.ts'

/**
 * A page of keys: from memory, since a page is asked for every few seconds and there may be ten
 * thousand. Texts are compared as they are, and a query is no pattern.
 */
export function keyPage(
  keys: readonly Key[],
  learned: Pick<Learned, 'of'>,
  wall: number,
  { provider, state, q, sort, order, limit, offset }: In<'keys.list'>,
): KeyPage {
  const sought = q?.toLowerCase() ?? ''
  const found = keys
    .filter(key => (provider === undefined || key.provider === provider) && fits(key, sought))
    .map(key => stoodOf(key, learned.of(key.id), wall))
  const byState = Object.fromEntries(KEY_CONDITIONS.map(name => [name, 0])) as Counts
  for (const one of found) byState[one.state]++
  const wanted = state === undefined ? found : found.filter(one => one.state === state)
  const compare = ORDERS[sort]
  // The sort is stable: keys that are alike stay in the order of adding.
  if (compare !== null) wanted.sort(compare)
  if (order === 'desc') wanted.reverse()
  return {
    total: wanted.length,
    by_state: byState,
    rows: wanted
      .slice(offset, offset + limit)
      .map(({ key }) => keyStatus(key, learned.of(key.id), wall)),
  }
}

/** What keys are chosen and sorted by. */
interface Stood {
  readonly key: Key
  readonly state: KeyCondition
  readonly failures: number
}

function stoodOf(key: Key, memory: KeyMemory | undefined, wall: number): Stood {
  const failures = memory?.generation === key.generation ? memory.failures : 0
  return { key, state: keyState(key, memory, wall), failures }
}

type Counts = Record<KeyCondition, number>

/** Whether a label, an id, or what is shown of a value's end begins so. */
function fits({ label, id, masked }: Key, sought: string): boolean {
  if (sought === '') return true
  return (
    label.toLowerCase().startsWith(sought) ||
    id.startsWith(sought) ||
    masked
      .slice(masked.indexOf('…') + 1)
      .toLowerCase()
      .startsWith(sought)
  )
}

/** Null: the order of adding, which keys are in already. */
const ORDERS: Readonly<Record<KeyOrder, ((a: Stood, b: Stood) => number) | null>> = {
  created: null,
  label: ({ key: a }, { key: b }) =>
    compareTexts(a.label, b.label) || compareTexts(a.provider, b.provider),
  state: (a, b) => RANK[a.state] - RANK[b.state],
  failures: (a, b) => a.failures - b.failures,
}

const RANK = Object.fromEntries(KEY_CONDITIONS.map((name, index) => [name, index])) as Counts

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
