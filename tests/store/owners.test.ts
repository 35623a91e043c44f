import Sqlite from 'better-sqlite3'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import type { Origin } from '../../src/model/catalog.ts'
import type { Declared } from '../../src/model/declared.ts'
import type { Store } from '../../src/model/store.ts'
import { type TemporaryStore, temporaryStore } from '../support/store.ts'

/** One thing of each kind, which has a number that the file or a command can say. */
const THINGS = ['setting', 'provider', 'key', 'token', 'route'] as const
type Thing = (typeof THINGS)[number]

interface Held {
  readonly value: number
  readonly origin: Origin
}

const BASE = {
  name: 'base',
  kind: 'openai',
  baseUrl: 'https://base.example/v1',
  path: null,
  overrides: {},
} as const

/** What the file says of each thing now. */
type File = ReadonlyMap<Thing, number>

function declaredBy(file: File): Declared {
  const when = <T>(thing: Thing, make: (value: number) => T): T[] => {
    const value = file.get(thing)
    return value === undefined ? [] : [make(value)]
  }
  return {
    settings: Object.fromEntries(when('setting', value => ['max_retries', value])),
    providers: [
      {
        ...BASE,
        enabled: true,
        keys: when('key', weight => ({ value: new Secret('env:A'), label: 'a', weight })),
      },
      ...when('provider', timeout => ({
        ...BASE,
        name: 'other',
        overrides: { timeout },
        enabled: true,
        keys: [],
      })),
    ],
    tokens: when('token', rpm => ({
      name: 'ci',
      value: { hash: '0a'.repeat(32), weak: false },
      rpm,
    })),
    routes: when('route', weight => ({
      model: 'fast',
      targets: [{ provider: 'base', model: null, weight }],
    })),
  }
}

/** What ARCHITECTURE's "One owner per value" says that the store holds. */
class Model {
  readonly file = new Map<Thing, number>()
  readonly held = new Map<Thing, Held>()
  /** A setting has a value of each owner; the command's wins. */
  #fromFile: number | null = null
  #fromCommand: number | null = null

  edit(thing: Thing, value: number | null): void {
    if (value === null) this.file.delete(thing)
    else this.file.set(thing, value)
  }

  command(thing: Thing, value: number): void {
    if (thing === 'setting') this.#setting(this.#fromFile, value)
    // What is so already is no change, and changes no owner.
    else if (this.held.get(thing)?.value !== value)
      this.held.set(thing, { value, origin: 'command' })
  }

  remove(thing: Thing): void {
    if (thing === 'setting') this.#setting(this.#fromFile, null)
    else this.held.delete(thing)
  }

  /** Returns whether the file declares it. */
  giveBack(thing: Thing): boolean {
    const value = this.file.get(thing)
    if (thing === 'setting') this.#setting(this.#fromFile, null)
    else if (value !== undefined) this.held.set(thing, { value, origin: 'file' })
    return thing === 'setting' || value !== undefined
  }

  reload(): void {
    for (const [thing, value] of this.file) {
      if (thing === 'setting') this.#setting(value, this.#fromCommand)
      else if (this.held.get(thing)?.origin !== 'command')
        this.held.set(thing, { value, origin: 'file' })
    }
  }

  apply(prune: boolean): void {
    for (const thing of THINGS) {
      const value = this.file.get(thing)
      const owned = this.held.get(thing)?.origin === 'command'
      if (value !== undefined && thing === 'setting') this.#setting(value, null)
      else if (value !== undefined) this.held.set(thing, { value, origin: 'file' })
      else if (prune && thing === 'setting') this.#setting(null, this.#fromCommand)
      else if (prune && !owned) this.held.delete(thing)
    }
  }

  #setting(fromFile: number | null, fromCommand: number | null): void {
    this.#fromFile = fromFile
    this.#fromCommand = fromCommand
    if (fromCommand !== null) this.held.set('setting', { value: fromCommand, origin: 'command' })
    else if (fromFile !== null) this.held.set('setting', { value: fromFile, origin: 'file' })
    else this.held.delete('setting')
  }
}

async function heldBy(store: Store): Promise<Map<Thing, Held>> {
  const { providers, keys, tokens, routes } = await store.catalog()
  const setting = (await store.settings()).find(({ name }) => name === 'max_retries')
  const other = providers.find(({ name }) => name === 'other')
  const target = routes[0]?.targets[0]
  const found: [Thing, number | null | undefined, Origin | 'default' | undefined][] = [
    ['setting', setting?.value as number, setting?.origin],
    ['provider', other?.overrides.timeout, other?.origin],
    ['key', keys[0]?.weight, keys[0]?.origin],
    ['token', tokens[0]?.rpm, tokens[0]?.origin],
    ['route', target?.weight, target?.origin],
  ]
  return new Map(
    found
      .filter(([, , origin]) => origin !== undefined && origin !== 'default')
      .map(([thing, value, origin]) => [
        thing,
        { value: value as number, origin: origin as Origin },
      ]),
  )
}

async function command(store: Store, thing: Thing, value: number): Promise<void> {
  const there = (await heldBy(store)).has(thing)
  if (thing === 'setting') await store.setSetting('max_retries', value)
  if (thing === 'route') {
    await store.addTargets('fast', [{ provider: 'base', model: null, weight: value }])
  }
  if (thing === 'provider') {
    const overrides = { timeout: value }
    if (there) await store.changeProvider('other', { overrides })
    else await store.addProvider({ ...BASE, name: 'other', overrides }, { makeDefault: false })
  }
  if (thing === 'key') {
    if (there) await store.changeKey((await store.key('a')).id, { weight: value })
    else await store.addKeys('base', [{ value: new Secret('env:A'), label: 'a', weight: value }])
  }
  if (thing === 'token') {
    if (there) await store.changeToken('ci', { rpm: value })
    else await store.createToken({ name: 'ci', rpm: value })
  }
}

async function remove(store: Store, thing: Thing): Promise<void> {
  if (thing === 'setting') return store.unsetSetting('max_retries')
  if (!(await heldBy(store)).has(thing)) return
  if (thing === 'provider') await store.removeProvider('other')
  if (thing === 'key') await store.removeKeys([(await store.key('a')).id])
  if (thing === 'token') await store.revokeToken('ci')
  if (thing === 'route') await store.removeRoute('fast')
}

async function giveBack(store: Store, declared: Declared, thing: Thing): Promise<boolean> {
  if (thing === 'setting') {
    await store.unsetSetting('max_retries')
    return true
  }
  const name = { provider: 'other', key: 'base/a', token: 'ci', route: 'fast' }[thing]
  return store.giveBack(declared, { kind: thing, name }).then(
    () => true,
    error => {
      expect(error).toMatchObject({ code: 'no_such' })
      return false
    },
  )
}

const thing = fc.constantFrom(...THINGS)
const value = fc.integer({ min: 1, max: 3 })
const operation = fc.oneof(
  fc.record({ does: fc.constant('edit' as const), thing, value: fc.option(value) }),
  fc.record({ does: fc.constant('command' as const), thing, value }),
  fc.record({ does: fc.constantFrom('remove' as const, 'unset' as const), thing }),
  fc.record({ does: fc.constantFrom('reload' as const, 'apply' as const, 'prune' as const) }),
)
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

/** Does it in the store and in the model. */
async function perform(store: Store, model: Model, given: Operation): Promise<void> {
  if (given.does === 'edit') return model.edit(given.thing, given.value)
  if (given.does === 'command') {
    model.command(given.thing, given.value)
    return command(store, given.thing, given.value)
  }
  if (given.does === 'remove') {
    model.remove(given.thing)
    return remove(store, given.thing)
  }
  const declared = declaredBy(model.file)
  if (given.does === 'unset') {
    const back = model.giveBack(given.thing)
    expect(await giveBack(store, declared, given.thing)).toBe(back)
  } else if (given.does === 'reload') {
    model.reload()
    await store.reconcile(declared)
  } else {
    const prune = given.does === 'prune'
    model.apply(prune)
    await store.apply(declared, { prune, revision: await store.revision() })
    expect((await store.plan(declared, { prune })).differences).toEqual([])
  }
}

describe('one owner per value', () => {
  let place: TemporaryStore
  let file: Sqlite.Database

  beforeAll(async () => {
    place = await temporaryStore()
    file = new Sqlite(place.options.url.slice('sqlite:'.length))
  })
  afterAll(async () => {
    file.close()
    await place.remove()
  })

  async function start(): Promise<Store> {
    for (const table of ['settings', 'providers', 'provider_keys', 'tokens', 'routes']) {
      file.exec(`delete from ${table}`)
    }
    await place.store.reconcile(declaredBy(new Map()))
    return place.store
  }

  it('holds after 1,000 sequences of edits, commands, reloads and applies', async () => {
    const sequence = fc.array(operation, { minLength: 1, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(sequence, async operations => {
        const store = await start()
        const model = new Model()
        for (const given of operations) await perform(store, model, given)
        expect(await heldBy(store)).toEqual(model.held)
      }),
      { numRuns: 1_000 },
    )
  }, 120_000)
})
