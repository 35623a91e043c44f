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
    const { environment, declared } = session.config()
    if (declared.providers.length > 0) return
    const { belongings, lines } = planEnvironment(environment.references.variables, [], false)
    if (belongings.providers.length === 0) return
    const store = await session.store()
    if ((await store.providers()).length > 0) return
    const names = lines.filter(({ becomes }) => becomes !== null).map(({ setting }) => setting)
    if (!(await agree(question(names), true))) return
    const { move, changes } = remainder(belongings, await store.catalog())
    await store.moveIn(move)
    for (const change of changes) out.say(change.replace(/^add/, 'added'))
  } finally {
    await session.close()
  }
}

function question(names: readonly string[]): string {
  const [first, ...others] = names
  if (others.length === 0) return `${first} is set: use it? It is kept sealed.`
  return `${names.slice(0, -1).join(', ')} and ${others.at(-1)} are set: use them? They are kept sealed.`
}
