import type { Provider } from '../model/catalog.ts'
import type { Belongings } from '../model/moving/belongings.ts'
import { planEnvironment } from '../model/moving/environment.ts'
import { remainder } from '../model/moving/remainder.ts'
import { agree, canAsk } from './prompts.ts'
import { Session } from './session.ts'

/**
 * Before the first start on a terminal: whether the vendors' keys in the environment shall be used.
 * Asked once, of a store that has no provider and is given none by a file.
 */
export async function offerKeys({ out, flags }: Session): Promise<void> {
  if (!canAsk() || !out.onTerminal) return
  // Closed again before the daemon opens the store.
  const session = new Session(out, flags, 'serve')
  try {
    if (session.config().declared.providers.length > 0) return
    const found = keysInEnvironment(session, [])
    if (found === null) return
    if ((await (await session.store()).providers()).length > 0) return
    for (const change of await offer(session, found)) out.say(change)
  } finally {
    await session.close()
  }
}

/** Vendors' keys in the environment, and the variables they stand in. */
export interface EnvironmentKeys {
  readonly belongings: Belongings
  readonly names: readonly string[]
}

/** Null where the environment has none. */
export function keysInEnvironment(
  session: Session,
  present: readonly Provider[],
): EnvironmentKeys | null {
  const { variables } = session.config().environment.references
  const { belongings, lines } = planEnvironment(variables, present, false)
  if (belongings.providers.length === 0) return null
  const names = lines.filter(({ becomes }) => becomes !== null).map(({ setting }) => setting)
  return { belongings, names }
}

/**
 * Adds those keys that the store has not yet, after a question unless `unasked`.
 * @returns what was done, in words
 */
export async function offer(
  session: Session,
  { belongings, names }: EnvironmentKeys,
  unasked = false,
): Promise<string[]> {
  const store = await session.store()
  const { move, changes } = remainder(belongings, await store.catalog())
  if (changes.length === 0) return []
  if (!unasked && !(await agree(question(names), true))) return []
  await store.moveIn(move)
  return changes.map(change => change.replace(/^add/, 'added'))
}

function question(names: readonly string[]): string {
  const [first, ...others] = names
  if (others.length === 0) return `${first} is set: use it? It is kept sealed.`
  return `${names.slice(0, -1).join(', ')} and ${others.at(-1)} are set: use them? They are kept sealed.`
}
