import { BalanceError } from '../base/errors.ts'
import { type KeySubject, testKeys as testAll } from '../control/key-tests.ts'
import type { TestShape } from '../control/shapes/test.ts'
import type { Catalog, Key } from '../model/catalog.ts'
import { reachColumns, testColumns } from './columns/test.ts'
import { plural } from './plural.ts'
import { type Progress, startProgress } from './progress.ts'
import type { Session } from './session.ts'

/** `keys test`: these keys, or those of one provider or of all that are in use. */
export async function testKeys(
  session: Session,
  named: readonly Key[],
  provider: string | undefined,
): Promise<void> {
  const ids = new Set(named.map(({ id }) => id))
  const rows = await test(session, catalog =>
    ids.size > 0
      ? catalog.keys.filter(({ id }) => ids.has(id))
      : inUse(catalog).filter(key => provider === undefined || key.provider === provider),
  )
  session.out.list(testColumns(session.out.paint), rows)
  if (rows.length === 0) session.out.say('There is no key to test: balance keys list')
  conclude(session, rows)
}

/** `providers test`: every key of it that its owner did not switch off. */
export async function testProvider(session: Session, name: string): Promise<void> {
  await (await session.store()).provider(name)
  const rows = await test(session, ({ keys }) =>
    keys.filter(key => key.provider === name && key.enabled),
  )
  if (rows.length === 0) {
    throw new BalanceError('failed', `${name} has no key to test it with.`, {
      hint: `balance keys add ${name}`,
    })
  }
  session.out.list(reachColumns(session.out.paint), rows)
  conclude(session, rows)
}

/** Keys that were just added: what came of it is shown, and nothing of it is an error. */
export async function testAdded(session: Session, ids: readonly string[]): Promise<TestShape[]> {
  const added = new Set(ids)
  const rows = await test(session, ({ keys }) => keys.filter(({ id }) => added.has(id)))
  session.out.say(session.out.table(testColumns(session.out.paint), rows))
  return rows
}

function inUse({ keys, providers }: Catalog): Key[] {
  const enabled = new Set(providers.filter(each => each.enabled).map(({ name }) => name))
  return keys.filter(key => key.enabled && enabled.has(key.provider))
}

/** Fails where a key did. */
function conclude({ out }: Session, rows: readonly TestShape[]): void {
  for (const name of new Set(rows.filter(isUntold).map(row => row.provider))) {
    out.say(
      `${name} has no list of models to tell a key by: balance providers set ${name} test_model=MODEL`,
    )
  }
  const failed = rows.filter(row => !row.ok)
  if (failed.length === 0) return
  const refused = failed.some(row => row.failed_at === 'key')
  throw new BalanceError(
    'failed',
    `${failed.length} of ${plural(rows.length, 'key')} failed the test.`,
    { hint: refused ? REFUSED : UNHEARD },
  )
}

const REFUSED =
  'balance keys show KEY tells more; balance keys set KEY --secret gives one a new secret.'
const UNHEARD = 'Where no provider gave an answer, nothing is held against the key.'

function isUntold({ result }: TestShape): boolean {
  return result === 'reached'
}

async function test(
  session: Session,
  choose: (catalog: Catalog) => readonly Key[],
): Promise<TestShape[]> {
  await session.flush()
  const { out, clock } = session
  const store = await session.store()
  const catalog = await store.catalog()
  let asked = 0
  let answered = 0
  const bars: Progress[] = []
  try {
    const rows = await testAll(
      {
        store,
        clock,
        begin: async subjects => {
          asked = subjects.length
          announce(session, subjects)
          if (out.wordsOnTerminal && asked > 1) {
            bars.push(await startProgress(['testing', 'keys'], asked))
          }
        },
        answered: () => {
          answered++
          bars[0]?.advance(answered, answered)
          if (answered === asked) bars.pop()?.end()
        },
        spared: name =>
          out.say(`${name} refused all its keys alike: that is not held against them`),
      },
      catalog,
      choose(catalog),
    )
    if (asked > 0) await session.tellLearned()
    return rows
  } finally {
    bars.pop()?.end()
  }
}

/** What the test costs is said before. */
function announce({ out }: Session, subjects: readonly KeySubject[]): void {
  const counts = new Map<string, number>()
  for (const { provider } of subjects) {
    const { test_model: model } = provider.settings
    const chat = `with ${model} of ${provider.name}`
    if (model !== '') counts.set(chat, (counts.get(chat) ?? 0) + 1)
  }
  for (const [chat, count] of counts) {
    out.say(`sending ${plural(count, 'chat')} of one token ${chat}`)
  }
}
