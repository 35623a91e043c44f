import type { Explanation } from '../model/explanation.ts'
import { candidateColumns } from './columns/candidate.ts'
import type { Session } from './session.ts'
import { card } from './table.ts'
import { tokenNamed } from './token-named.ts'

export interface ExplainOptions {
  readonly token?: string
  readonly path: string
}

/** Says where a request would go: what a running daemon says, or what one started now would do. */
export async function explainRoute(
  session: Session,
  model: string,
  { token, path }: ExplainOptions,
): Promise<void> {
  const { out } = session
  const named = token === undefined ? null : (await tokenNamed(session, token)).id
  const asked = { model, token: named, path }
  const daemon = await session.daemon()
  const told = daemon ? await daemon.call('explain', asked) : await explainHere(session, asked)
  out.show(told, () => {
    const verdict = card(verdictOf(told))
    if (told.candidates.length === 0) return verdict
    return `${out.table(candidateColumns(out.paint), told.candidates)}\n\n${verdict}`
  })
  if (!daemon) out.say('no daemon is running; one started now would do this')
}

/** Loaded here: most commands do without the data path. */
async function explainHere(
  session: Session,
  asked: Parameters<typeof import('../gateway/explain.ts').explain>[0],
): Promise<Explanation> {
  const [{ explain }, { Live }, { Agents }, { SnapshotHolder }] = await Promise.all([
    import('../gateway/explain.ts'),
    import('../balancer/live.ts'),
    import('../upstream/agents.ts'),
    import('../snapshot/holder.ts'),
  ])
  const { clock } = session
  const holder = new SnapshotHolder(new Live(clock), new Agents(), clock)
  const catalog = await (await session.store()).catalog()
  return explain(asked, holder.swap(catalog), clock)
}

function verdictOf({ route, choice, refusal, candidates }: Explanation): [string, unknown][] {
  const way: [string, unknown] = ['route', route ?? 'none for this model: the path decides']
  if (refusal !== null) {
    const after = refusal.retry_after_ms
    return [
      way,
      ['answer', `${refusal.status} ${refusal.code}`],
      ['because', refusal.message],
      ...(after === null
        ? []
        : [['retry after', `${Math.ceil(after / 1_000)} s`] as [string, unknown]]),
    ]
  }
  const chosen = candidates.find(({ state }) => state === 'chosen')
  return [
    way,
    ['goes to', choice?.provider],
    ['as model', choice?.model],
    ['with key', choice?.key],
    ['because', chosen?.reason],
  ]
}
