import { BalanceError } from '../../base/errors.ts'
import { Secret } from '../../base/secret.ts'
import type { Caller, Operator } from '../../control/api.ts'
import { keyPage } from '../../control/key-page.ts'
import { testKeys } from '../../control/key-tests.ts'
import type { KEYS } from '../../control/operations/keys.ts'
import { parsePastedKeys } from '../../control/pasted-keys.ts'
import { readKeyShape } from '../../control/shapes/key.ts'
import type { TestShape } from '../../control/shapes/test.ts'
import type { Key } from '../../model/catalog.ts'
import { keyNamed, keysNamed } from '../../model/key-named.ts'
import type { Store } from '../../model/store.ts'
import { isReference } from '../../store/reference.ts'
import { make, takeIn } from './changes.ts'
import { exitsNow, type OperationParts, standing, statusesOf } from './parts.ts'
import { rowsOf } from './rows.ts'

/** Keys are named by id or label. No answer has a key's value. */
export function keyOperations(parts: OperationParts): Pick<Operator, keyof typeof KEYS> {
  const { store, clock, gateway, learned } = parts
  return {
    async 'keys.list'(query) {
      // What keys learned in this very moment belongs to the answer.
      await gateway.flush()
      const { keys, providers } = standing(parts)
      const { provider } = query
      // Only to say which is nearest: a page of what is in force needs no store.
      if (provider !== undefined && !providers.some(({ name }) => name === provider)) {
        await store.provider(provider)
      }
      return keyPage(keys, id => learned.of(id), clock.wall(), await exitsNow(parts), query)
    },

    async 'keys.show'({ key: name }) {
      await gateway.flush()
      const key = keyNamed(standing(parts).keys, name)
      const [status] = statusesOf(parts, [key])
      if (status === undefined) throw new Error('A key has a status.')
      const via = (await exitsNow(parts))(key)
      return readKeyShape(store, { ...status, via }, learned.of(key.id), clock.wall())
    },

    async 'keys.add'(input, caller) {
      const { provider, text, weight, tier } = input
      const { keys, rejected } = parsePastedKeys(text, caller.session === null)
      const shared = {
        ...(weight === undefined ? {} : { weight }),
        ...(tier === undefined ? {} : { tier }),
      }
      const add = (as: Store) =>
        as.addKeys(
          provider,
          keys.map(key => ({ ...key, ...shared })),
        )
      if (rejected.length > 0) {
        await store.provider(provider)
        return { added: [], duplicates: 0, rejected, ...(await takeIn(parts)) }
      }
      return make(parts, 'keys.add', input, caller, add, ({ added, duplicates }) => ({
        added: statusesOf(parts, added),
        duplicates,
        rejected,
      }))
    },

    async 'keys.change'(input, caller) {
      const { key: name, secret, revision: _, ...change } = input
      if (secret !== undefined) refuseReference(secret, caller)
      const { id } = await store.key(name)
      const value = secret === undefined ? {} : { value: new Secret(secret) }
      return make(
        parts,
        'keys.change',
        input,
        caller,
        as => as.changeKey(id, { ...change, ...value }),
        key => only(statusesOf(parts, [key])),
      )
    },

    async 'keys.enable'(input, caller) {
      const keys = await named(store, input.keys)
      const change = (as: Store) => as.changeKeys(idsOf(keys), { enabled: true })
      return make(parts, 'keys.enable', input, caller, change, changed => ({
        keys: statusesOf(parts, changed),
      }))
    },

    async 'keys.disable'(input, caller) {
      const keys = await named(store, input.keys)
      const change = (as: Store) => as.changeKeys(idsOf(keys), { enabled: false })
      return make(parts, 'keys.disable', input, caller, change, async changed => ({
        keys: statusesOf(parts, changed),
        aborted: input.now === true ? await gateway.abort(idsOf(keys)) : 0,
      }))
    },

    async 'keys.reset'(input, caller) {
      const keys = await named(store, input.keys)
      const change = (as: Store) => as.resetKeys(idsOf(keys))
      return make(parts, 'keys.reset', input, caller, change, () => ({
        keys: statusesOf(parts, keys),
      }))
    },

    async 'keys.remove'(input, caller) {
      const ids = idsOf(await named(store, input.keys))
      const change = (as: Store) => as.removeKeys(ids)
      return make(parts, 'keys.remove', input, caller, change, () => ({ removed: ids }))
    },

    'keys.test': ({ keys: names }, { signal }) =>
      rowsOf<TestShape>(give => test(parts, all => keysNamed(all, names), signal, give)),
  }
}

/**
 * Tests keys of what is in force, and has what that taught taken in.
 * @param give is given each as it is known
 */
export async function test(
  parts: OperationParts,
  choose: (keys: readonly Key[]) => readonly Key[],
  signal: AbortSignal,
  give: (test: TestShape) => void = () => {},
): Promise<TestShape[]> {
  const { store, clock, live } = parts
  await takeIn(parts)
  // What gateways know of the keys is in the store before anything is added to it.
  await live.flush()
  const catalog = standing(parts)
  const keys = choose(catalog.keys)
  const tests = await testKeys({ store, clock, signal, known: give }, catalog, keys)
  await takeIn(parts)
  return tests
}

/** Where a value is kept is the host's to say: over HTTP it would read any variable and file. */
function refuseReference(value: string, { session }: Caller): void {
  if (session === null || !isReference(value)) return
  throw new BalanceError('not_permitted', 'A reference is given on the host alone.', {
    hint: 'There: balance keys set KEY --secret',
  })
}

async function named(store: Store, names: readonly string[]): Promise<Key[]> {
  return keysNamed(await store.keys(), names)
}

function idsOf(keys: readonly Key[]): string[] {
  return keys.map(({ id }) => id)
}

function only<T>([one]: readonly T[]): T {
  if (one === undefined) throw new Error('There is one.')
  return one
}
