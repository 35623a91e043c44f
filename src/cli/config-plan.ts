import { resolve } from 'node:path'
import { BalanceError } from '../base/errors.ts'
import { loadConfig } from '../model/config.ts'
import type { Declared } from '../model/declared.ts'
import { type Difference, type Plan, spellSubject } from '../model/plan.ts'
import { confirm } from './prompts.ts'
import type { Session } from './session.ts'

/** What a configuration file declares: the one named, else the one in force. */
export function declaredBy(session: Session, file: string | undefined): Declared {
  const config =
    file === undefined ? session.config() : loadConfig({ flags: { config: resolve(file) } })
  if (config.file !== null) return config.declared
  throw new BalanceError('config_invalid', 'There is no configuration file.', {
    hint: 'Name one with -f FILE. balance config export makes one of what the store holds.',
  })
}

interface DiffOptions {
  readonly file?: string
  readonly exitCode?: true
}

/** `config diff`: what the file declares against what is in force. */
export async function diff(session: Session, options: DiffOptions): Promise<void> {
  const store = await session.store()
  const plan = await store.plan(declaredBy(session, options.file), { prune: true })
  const differences = plan.differences.filter(({ action }) => action !== 'adopt')
  session.out.show({ ...plan, differences }, () => lines(session, differences))
  tellLeft(session, plan)
  if (differences.some(({ action }) => action === 'remove')) {
    session.out.say('What is marked - stays, unless it is applied with --prune.')
  }
  if (differences.length === 0) session.out.say('The file and what is in force are equal.')
  else if (options.exitCode) {
    throw new BalanceError('failed', 'The file and what is in force differ.', {
      hint: 'Put the file in force: balance config apply',
    })
  }
}

interface ApplyOptions {
  readonly file?: string
  readonly prune?: true
  readonly dryRun?: true
  readonly yes?: true
}

/** `config apply`: makes the store as the file declares it, after a look at what that means. */
export async function apply(session: Session, options: ApplyOptions): Promise<void> {
  const { out } = session
  const prune = options.prune === true
  const declared = declaredBy(session, options.file)
  const store = await session.store()
  const plan = await store.plan(declared, { prune })
  const due = !options.dryRun && plan.differences.length > 0
  if (!out.json) out.line(lines(session, plan.differences))
  tellLeft(session, plan)
  out.say(countsOf(plan))
  if (due) {
    await confirm('Apply this?', options.yes === true)
    await store.apply(declared, { prune, revision: plan.revision })
    out.say('applied')
  }
  out.show({ ...plan, applied: due }, () => '')
  if (due) await session.inForce()
}

function tellLeft({ out }: Session, { left }: Plan): void {
  if (left.length === 0) return
  out.say(`kept, though the file does not declare it any more: ${left.join(', ')}`)
}

function countsOf({ differences }: Plan): string {
  const count = (action: Difference['action']) =>
    differences.filter(difference => difference.action === action).length
  if (differences.length === 0) return 'Nothing to do: the store is as the file declares it.'
  const parts = [
    `${count('add')} to add`,
    `${count('change')} to change`,
    `${count('remove')} to remove`,
    ...(count('adopt') > 0 ? [`${count('adopt')} to take over from commands`] : []),
  ]
  return `Plan: ${parts.join(', ')}.`
}

/** `+ provider openai`, and a line for each field below it. */
function lines({ out }: Session, differences: readonly Difference[]): string {
  const paint = {
    add: out.paint.green,
    change: out.paint.yellow,
    adopt: out.paint.cyan,
    remove: out.paint.red,
  }
  return differences
    .flatMap(difference => {
      const { action, holder, fields } = difference
      const owner = holder === 'command' ? '  (set by a command)' : ''
      const head = paint[action](`${SIGNS[action]} ${spellSubject(difference)}`) + owner
      return [head, ...fields.map(field => `    ${spellField(field, action)}`)]
    })
    .join('\n')
}

const SIGNS = { add: '+', change: '~', adopt: '=', remove: '-' } as const

function spellField({ name, before, after }: Difference['fields'][number], action: string): string {
  if (action === 'add') return `${name}: ${after ?? 'none'}`
  if (action === 'remove') return `${name}: ${before ?? 'none'}`
  return `${name}: ${before ?? 'none'} → ${after ?? 'none'}`
}

/** `3 settings, 2 providers, …`: what a valid file declares. */
export function declaredCounts({
  settings,
  providers,
  routes = [],
  tokens = [],
  proxies = [],
}: Declared) {
  return {
    settings: Object.keys(settings).length,
    providers: providers.length,
    keys: providers.reduce((sum, { keys }) => sum + keys.length, 0),
    routes: routes.length,
    tokens: tokens.length,
    proxies: proxies.length,
  }
}

function singular(many: string): string {
  return many.replace(/ies$/, 'ys').slice(0, -1)
}

export function spellCounts(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([many, count]) => `${count} ${count === 1 ? singular(many) : many}`)
    .join(', ')
}
