import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import type { Caller, Operator } from '../../src/control/api.ts'
import { Learned } from '../../src/daemon/learned.ts'
import { operatorOf } from '../../src/daemon/operations/operator.ts'
import type { DaemonOperator } from '../../src/daemon/operator.ts'
import type { Catalog } from '../../src/model/catalog.ts'
import { keyStatuses, providerStatuses } from '../../src/model/key-status.ts'
import type { Store } from '../../src/model/store.ts'
import { type TemporaryStore, temporaryStore } from '../support/store.ts'

const { signal } = new AbortController()
const SESSION: Caller = { who: 'admin session ab12cd', session: 'ab12cd', signal }
const HOST: Caller = { who: 'root@host', session: null, signal }

let temporary: TemporaryStore
let store: Store
let operator: Operator
/** Why a newer revision is not put into force; null: it is. */
let held: string | null

beforeEach(async () => {
  held = null
  temporary = await temporaryStore()
  store = temporary.store
  operator = await operatorOn(store)
  const provider = { name: 'lab', base_url: 'https://lab.example/v1' }
  await operator['providers.add'](provider, HOST)
  await operator['keys.add']({ provider: 'lab', text: 'sk-first-0123456789ab first' }, SESSION)
})
afterEach(() => temporary.remove())

/** The operations on a real store, with nothing that serves. */
async function operatorOn(store: Store): Promise<Operator> {
  let catalog: Catalog = await store.catalog()
  const learned = new Learned()
  const follower = {
    get catalog() {
      return catalog
    },
    get revision() {
      return catalog.revision
    },
    get pending() {
      return held === null ? null : { revision: catalog.revision + 1, error: held }
    },
    async catchUp() {
      if (held === null) catalog = await store.catalog()
    },
  }
  const live = {
    operations: {},
    flush: async () => ({}),
    status: async () => ({ providers: providerStatuses(catalog, systemClock.wall()) }),
  } as unknown as DaemonOperator
  return operatorOf(live, {
    config: {} as never,
    ...{ clock: systemClock, store, learned, follower },
    gateway: { flush: async () => {}, abort: async () => 0, reports: async () => [] },
    peers: { catchUp: async () => {} },
  })
}

describe('a session of the dashboard', () => {
  it.each(['env:HOME', 'env:', 'file:/etc/shadow', 'file:relative'])(
    'gives no reference: %s',
    async reference => {
      const add = { provider: 'lab', text: `sk-good-0123456789abcd\n${reference}\n` }
      expect(await operator['keys.add'](add, SESSION)).toMatchObject({
        added: [],
        rejected: [{ line: 2, reason: 'is a reference, which only the host may give' }],
      })
      const change = { key: 'first', secret: reference }
      await expect(operator['keys.change'](change, SESSION)).rejects.toMatchObject({
        code: 'not_permitted',
      })
      expect(keyStatuses(await store.catalog(), 0)).toMatchObject([
        { label: 'first', reference: null },
      ])
    },
  )

  it('does not send keys to another origin, by whatever spelling', async () => {
    for (const base_url of [
      'https://evil.example/v1',
      'http://lab.example/v1',
      'https://lab.example:444/v1',
      'HTTPS://LAB.EXAMPLE.evil.example',
    ]) {
      const change = { name: 'lab', base_url }
      await expect(operator['providers.change'](change, SESSION)).rejects.toMatchObject({
        code: 'origin_locked',
        status: 409,
      })
    }
    const same = { name: 'lab', base_url: 'HTTPS://LAB.example:443/v2' }
    expect(await operator['providers.change'](same, SESSION)).toMatchObject({
      base_url: 'https://lab.example/v2',
    })
    await operator['keys.remove']({ keys: ['first'] }, SESSION)
    const empty = { name: 'lab', base_url: 'https://other.example' }
    expect(await operator['providers.change'](empty, SESSION)).toMatchObject({
      base_url: 'https://other.example',
    })
  })

  it('is named in the audit', async () => {
    const entries = await operator['audit.list']({ limit: 9 }, SESSION)
    expect(entries.map(({ who, command, action }) => [who, command, action])).toEqual([
      ['admin session ab12cd', 'keys.add', 'keys.add'],
      ['admin session ab12cd', 'keys.add', 'master_key.adopt'],
      ['root@host', 'providers.add', 'setting.set.command'],
      ['root@host', 'providers.add', 'provider.add'],
    ])
  })
})

describe('a change that is not put into force', () => {
  it('is answered as it is saved, with what hinders it', async () => {
    held = 'Provider lab: no.'
    const change = { name: 'lab', base_url: 'https://lab.example/v9' }
    expect(await operator['providers.change'](change, HOST)).toMatchObject({
      base_url: 'https://lab.example/v9',
      error: held,
    })
    expect(await operator['providers.add']({ name: 'groq' }, HOST)).toMatchObject({
      name: 'groq',
      error: held,
    })
    const { added } = await operator['keys.add']({ provider: 'groq', text: 'sk-second-0123' }, HOST)
    expect(added).toMatchObject([{ provider: 'groq', state: 'active' }])
  })
})

describe('the host', () => {
  it('may do both', async () => {
    const change = { name: 'lab', base_url: 'https://other.example' }
    expect(await operator['providers.change'](change, HOST)).toMatchObject({
      base_url: change.base_url,
    })
    const add = { provider: 'lab', text: 'env:NOT_SET mine' }
    expect(await operator['keys.add'](add, HOST)).toMatchObject({
      added: [{ reference: 'env:NOT_SET' }],
      rejected: [],
    })
  })
})
