import type { Key, KeyCondition, KeyMemory } from '../model/catalog.ts'
import { keyState, keyStatus } from '../model/key-status.ts'
import type { ExitOf } from '../snapshot/exits.ts'
import type { In } from './api.ts'
import { KEY_CONDITIONS, type KeyOrder, type KeyPage } from './operations/keys.ts'

/**
 * A page of keys: from memory, since a page is asked for every few seconds and there may be ten
 * thousand. Texts are compared as they are, and a query is no pattern.
 * @param memoryOf what was learned about a key, by its id
 * @param exitOf which proxy it is dialled through
 */
export function keyPage(
  keys: readonly Key[],
  memoryOf: (id: string) => KeyMemory | undefined,
  wall: number,
  exitOf: ExitOf,
  { provider, state, q, sort, order, limit, offset }: In<'keys.list'>,
): KeyPage {
  const found = keys
    .filter(key => (provider === undefined || key.provider === provider) && isFound(key, q ?? ''))
    .map(key => stoodOf(key, memoryOf(key.id), wall))
  const byState = Object.fromEntries(KEY_CONDITIONS.map(name => [name, 0])) as Counts
  for (const one of found) byState[one.state]++
  const wanted = state === undefined ? found : found.filter(one => one.state === state)
  const sorted = sortKeys(wanted, sort, order === 'desc')
  return {
    total: wanted.length,
    by_state: byState,
    rows: sorted
      .slice(offset, offset + limit)
      .map(({ key }) => ({ ...keyStatus(key, memoryOf(key.id), wall), via: exitOf(key) })),
  }
}

type Counts = Record<KeyCondition, number>

interface Stood extends Sortable {
  readonly key: Key
}

function stoodOf(key: Key, memory: KeyMemory | undefined, wall: number): Stood {
  const { label, provider } = key
  const failures = memory?.generation === key.generation ? memory.failures : 0
  return { key, label, provider, state: keyState(key, memory, wall), failures }
}

/** Whether a label, an id, or what is shown of a value's end begins so, in capitals or not. */
export function isFound({ label, id, masked }: Findable, query: string): boolean {
  if (query === '') return true
  const sought = query.toLowerCase()
  return (
    label.toLowerCase().startsWith(sought) ||
    id.startsWith(sought) ||
    masked
      .slice(masked.indexOf('…') + 1)
      .toLowerCase()
      .startsWith(sought)
  )
}

type Findable = Pick<Key, 'label' | 'id' | 'masked'>

/** What keys are sorted by. */
interface Sortable {
  readonly label: string
  readonly provider: string
  readonly state: KeyCondition
  readonly failures: number
}

/** Those that are alike stay in the order of adding, in which they are given; backwards all are. */
export function sortKeys<K extends Sortable>(
  keys: readonly K[],
  sort: KeyOrder,
  backwards: boolean,
): K[] {
  const compare = ORDERS[sort]
  const sorted = compare === null ? [...keys] : keys.toSorted(compare)
  return backwards ? sorted.reverse() : sorted
}

/** Null: the order of adding. */
const ORDERS: Readonly<Record<KeyOrder, ((a: Sortable, b: Sortable) => number) | null>> = {
  created: null,
  label: (a, b) => compareTexts(a.label, b.label) || compareTexts(a.provider, b.provider),
  state: (a, b) => RANK[a.state] - RANK[b.state],
  failures: (a, b) => a.failures - b.failures,
}

const RANK = Object.fromEntries(KEY_CONDITIONS.map((name, index) => [name, index])) as Counts

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
