import { BalanceError } from '../base/errors.ts'
import { nearest } from '../base/text.ts'
import type { KeyGroup, NewKey } from '../model/changes.ts'
import type { Store } from '../model/store.ts'
import { ADDED_COLUMNS, readAdded, tellAdded } from './added-keys.ts'
import { type KeyOfFile, parseKeyFile } from './key-file.ts'
import { plural } from './plural.ts'
import { readSecretFile, readSecretInput } from './secret-lines.ts'
import type { Session } from './session.ts'

/** Adds the keys in a file to their providers: all of them, or none when anything is wrong. */
export async function importKeys(
  session: Session,
  file: string,
  { provider }: { readonly provider?: string },
): Promise<void> {
  const store = await session.store()
  if (provider !== undefined) await store.provider(provider)
  const text = file === '-' ? await readSecretInput() : await readSecretFile(file)
  const keys = await parseKeyFile(text, file === '-' ? 'stdin' : file, provider)
  await refuseStrangers(store, keys)
  const groups = await store.importKeys(grouped(keys))
  const shapes = await readAdded(session, groups)
  session.out.list(ADDED_COLUMNS, shapes)
  const [only, second] = shapes
  const whom = only && !second ? only.provider : plural(shapes.length, 'provider')
  await tellAdded(session, whom, shapes)
}

/** A name that is no provider's is not repeated: where columns are out of place, it may be a key. */
async function refuseStrangers(store: Store, keys: readonly KeyOfFile[]): Promise<void> {
  const names = (await store.providers()).map(({ name }) => name)
  const stranger = keys.find(({ provider }) => !names.includes(provider))
  if (!stranger) return
  const near = nearest(stranger.provider, names)
  throw new BalanceError('no_such', `${stranger.key.place}: There is no such provider.`, {
    hint: near ? `Did you mean ${near}?` : 'See balance providers list. Nothing was added.',
  })
}

/** By provider, in the order in which they first come. */
function grouped(keys: readonly KeyOfFile[]): KeyGroup[] {
  const groups = new Map<string, NewKey[]>()
  for (const { provider, key } of keys) {
    const group = groups.get(provider)
    if (group) group.push(key)
    else groups.set(provider, [key])
  }
  return [...groups].map(([provider, keys]) => ({ provider, keys }))
}
