import type { Command } from 'commander'
import { targetShapes } from '../../control/shapes/target.ts'
import { parseTarget, spellTarget, type TargetPlace } from '../../model/route-fields.ts'
import { TARGET_COLUMNS } from '../columns/target.ts'
import { example } from '../example.ts'
import { explainRoute } from '../explain.ts'
import { whole } from '../option-values.ts'
import { plural } from '../plural.ts'
import type { Run } from '../program.ts'
import { confirm } from '../prompts.ts'
import type { Session } from '../session.ts'

export function define(command: Command, run: Run): void {
  command
    .command('list')
    .description('models that clients ask for, and the targets behind them')
    .argument('[model]', 'only this route')
    .addHelpText('after', example('balance routes list --json | jq -r ".[].model"'))
    .action(run(list))
  command
    .command('add')
    .description('lead a model to targets, or change the weight and tier of those it has')
    .argument('<model>', 'the name that clients ask for, or a glob of names')
    .requiredOption(...TO, gatherTargets)
    .option('--weight <n>', 'share of each among its tier', whole('--weight', 1, 1_000))
    .option('--tier <n>', 'used after lower tiers', whole('--tier', 1, 100))
    .addHelpText('after', ADD_HELP)
    .action(run(add))
  command
    .command('remove')
    .description('delete a route, or some of its targets')
    .argument('<model>', 'as routes list shows it')
    .option(...TO, gatherTargets)
    .option('--yes', 'without a question')
    .addHelpText('after', example('balance routes remove fast --to groq'))
    .action(run(remove))
  command
    .command('explain')
    .description('where a request for a model would go now, and why')
    .argument('<model>', 'as a client asks for it')
    .option('--token <token>', 'as the caller with this token, by id or name')
    .option('--path <path>', 'the path that is called', '/v1/chat/completions')
    .addHelpText('after', EXPLAIN_HELP)
    .action(run(explainRoute))
}

const TO = ['--to <target>', 'PROVIDER or PROVIDER:MODEL; repeatable'] as const

function gatherTargets(text: string, before: readonly TargetPlace[] = []): TargetPlace[] {
  return [...before, parseTarget(text)]
}

const ADD_HELP = `
A target is a provider, which is asked for the same model, or PROVIDER:MODEL with the model
to ask for there. Weight and tier hold for all targets given; left out, they are 1, or stay
as they are. In a MODEL, * stands for any run of characters.

Examples:
  $ balance routes add fast --to groq:llama-3.3-70b-versatile --to openai:gpt-4o-mini
  $ balance routes add fast --to ollama:llama3:8b --tier 2
  $ balance routes add 'claude-*' --to anthropic`

const EXPLAIN_HELP = `
Nothing is sent, and nobody's turn is used up. A running gateway is asked; without one, what
the store holds decides.

Examples:
  $ balance routes explain fast
  $ balance routes explain claude-opus-4 --path /v1/messages --token laptop`

async function list(session: Session, model: string | undefined): Promise<void> {
  const store = await session.store()
  const routes = model === undefined ? await store.routes() : [await store.route(model)]
  session.out.list(TARGET_COLUMNS, routes.flatMap(targetShapes))
  if (routes.length === 0) session.out.say('No route yet: balance routes add MODEL --to PROVIDER')
}

interface AddOptions {
  readonly to: readonly TargetPlace[]
  readonly weight?: number
  readonly tier?: number
}

async function add(session: Session, model: string, options: AddOptions): Promise<void> {
  const { to, ...attributes } = options
  const store = await session.store()
  const route = await store.addTargets(
    model,
    to.map(place => ({ ...place, ...attributes })),
  )
  session.out.show(targetShapes(route), () => '')
  session.out.say(`${model} goes to ${route.targets.map(spellTarget).join(', ')}`)
  await warnOfIdle(session, to)
  await session.inForce()
}

/** A target may be made before its provider is ready; that nothing will go there is said. */
async function warnOfIdle(session: Session, targets: readonly TargetPlace[]): Promise<void> {
  const store = await session.store()
  for (const name of new Set(targets.map(({ provider }) => provider))) {
    const { enabled } = await store.provider(name)
    const keys = await store.keys(name)
    if (!enabled) session.out.warn(`${name} is disabled: balance providers enable ${name}`)
    if (keys.length === 0) session.out.warn(`${name} has no key: balance keys add ${name}`)
  }
}

interface RemoveOptions {
  readonly to?: readonly TargetPlace[]
  readonly yes?: true
}

async function remove(session: Session, model: string, options: RemoveOptions): Promise<void> {
  const store = await session.store()
  const { targets } = await store.route(model)
  const { to, yes = false } = options
  await confirm(question(model, to?.length ?? targets.length, to === undefined), yes)
  const left = to === undefined ? null : await store.removeTargets(model, to)
  if (to === undefined) await store.removeRoute(model)
  const still = left?.targets.length ?? 0
  const gone = targets.length - still
  session.out.show({ removed: model, targets: gone, left: still }, () => '')
  session.out.say(
    left === null
      ? `removed ${model} and its ${plural(gone, 'target')}`
      : `removed ${plural(gone, 'target')} of ${model}, which goes to ${left.targets.map(spellTarget).join(', ')}`,
  )
  await session.inForce()
}

function question(model: string, count: number, whole: boolean): string {
  return whole
    ? `Remove ${model} and its ${plural(count, 'target')}?`
    : `Remove ${plural(count, 'target')} of ${model}?`
}
