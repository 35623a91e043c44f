import type { Command } from 'commander'
import { type PresetShape, presetShapes } from '../../control/shapes/preset.ts'
import { PROVIDER_KINDS, type Provider, type ProviderKind } from '../../model/catalog.ts'
import type { ProviderChange, RemovedProvider } from '../../model/changes.ts'
import { noBaseUrl, PLACEHOLDER_KEY, PRESETS, presetOf } from '../../model/presets.ts'
import { parseBaseUrl, parseProviderName } from '../../model/provider-fields.ts'
import { overridesOf, parseAssignments } from '../assignments.ts'
import { providerColumns } from '../columns/provider.ts'
import { example } from '../example.ts'
import { gather, oneOf } from '../option-values.ts'
import { plural } from '../plural.ts'
import type { Run } from '../program.ts'
import { confirm } from '../prompts.ts'
import { providerNow, showProvider } from '../provider-card.ts'
import type { Session } from '../session.ts'
import { readState } from '../state.ts'
import type { Column } from '../table.ts'

export function define(command: Command, run: Run): void {
  command
    .command('list')
    .description('providers, and how many of their keys are in which state')
    .addHelpText('after', example('balance providers list --json | jq -r ".[].name"'))
    .action(run(list))
  command
    .command('add')
    .description('add a provider; the first one becomes the default')
    .argument('<name>', 'a preset, or any name together with --base-url', parseProviderName)
    .option(
      '--base-url <url>',
      'as the vendor prints it, e.g. https://api.openai.com/v1',
      parseBaseUrl,
    )
    .option('--kind <kind>', `API it speaks: ${PROVIDER_KINDS.join(', ')}`, kindOption)
    .option('--path <segment>', 'a second path segment it is reached by', parseProviderName)
    .option('--default', 'make it the provider of the default paths')
    .option('--set <name=value>', 'a setting of its own; repeatable', gather)
    .addHelpText('after', ADD_HELP)
    .action(run(add))
  command
    .command('presets')
    .description('vendors that are known by name')
    .addHelpText('after', example('balance providers presets --json | jq -r ".[].name"'))
    .action(run(presets))
  command
    .command('show')
    .description('one provider: its settings and its keys')
    .argument('<name>')
    .addHelpText('after', example('balance providers show openai'))
    .action(run(showProvider))
  command
    .command('set')
    .description('change settings of a provider')
    .argument('<name>')
    .argument('<name=value...>', '"name=" gives a value back to its default')
    .option('--yes', 'without a question')
    .addHelpText('after', example('balance providers set openai timeout=60s max_retries='))
    .action(run(set))
  for (const verb of ['enable', 'disable'] as const) {
    command
      .command(verb)
      .description(verb === 'enable' ? 'serve a provider again' : 'stop serving a provider')
      .argument('<name>')
      .addHelpText('after', example(`balance providers ${verb} openai`))
      .action(run((session, name: string) => toggle(session, name, verb)))
  }
  command
    .command('test')
    .description('whether a provider can be reached, and takes its keys')
    .argument('<name>')
    .addHelpText('after', example('balance providers test openai'))
    .action(run(test))
  command
    .command('models')
    .description('the models a provider says it has')
    .argument('<name>')
    .option('--all', 'also those that its models setting hides')
    .addHelpText('after', example('balance providers models openai --json | jq -r ".[].id"'))
    .action(run(models))
  command
    .command('remove')
    .description('delete a provider, its keys, and what routes lead to it')
    .argument('<name>')
    .option('--yes', 'without a question')
    .addHelpText('after', example('balance providers remove openai'))
    .action(run(remove))
}

const kindOption = oneOf('--kind', PROVIDER_KINDS)

const ADD_HELP = `
Presets: ${Object.keys(PRESETS).join(', ')}.

Examples:
  $ balance providers add openai
  $ balance providers add lab --base-url http://10.0.0.7:8000/v1 --set timeout=10m
  $ balance providers add azure --kind azure --base-url https://NAME.openai.azure.com
  $ balance providers add team --kind custom --base-url https://llm.example.com/v1 --set key_header=x-api-token`

async function list(session: Session): Promise<void> {
  const { providers } = await readState(session)
  const columns = providerColumns(session.out.paint)
  session.out.list(columns, providers)
  if (providers.length === 0) session.out.say('No provider yet: balance providers add openai')
}

interface AddOptions {
  readonly baseUrl?: string
  readonly kind?: ProviderKind
  readonly path?: string
  readonly default?: true
  readonly set?: readonly string[]
}

async function add(session: Session, name: string, options: AddOptions): Promise<void> {
  const preset = presetOf(name)
  const change = parseAssignments(options.set ?? [])
  const baseUrl = options.baseUrl ?? change.baseUrl ?? preset?.baseUrl
  if (baseUrl === undefined) throw noBaseUrl(name)
  const keyless = preset?.needsKey === false
  const store = await session.store()
  const provider = await store.addProvider(
    {
      name,
      baseUrl,
      kind: options.kind ?? change.kind ?? preset?.kind ?? 'openai',
      path: options.path ?? change.path ?? null,
      overrides: overridesOf(change),
    },
    { makeDefault: options.default === true, keys: keyless ? [PLACEHOLDER_KEY] : [] },
  )
  session.out.show(providerNow(provider, await readState(session)), () => '')
  session.out.say(`added ${name} (${provider.kind}, ${provider.baseUrl})`)
  await session.inForce()
  if (preset?.note) session.out.say(preset.note)
  session.out.say(
    keyless
      ? 'It asks for no key; a placeholder stands for one.'
      : `Give it keys: balance keys add ${name}`,
  )
}

async function presets({ out }: Session): Promise<void> {
  out.list(PRESET_COLUMNS, presetShapes())
}

const PRESET_COLUMNS: readonly Column<PresetShape>[] = [
  { head: 'NAME', cell: row => row.name },
  { head: 'KIND', cell: row => row.kind },
  { head: 'BASE URL', cell: row => row.base_url },
  { head: 'KEY', cell: row => (row.needs_key ? 'needed' : 'none needed') },
]

async function set(
  session: Session,
  name: string,
  words: readonly string[],
  options: { yes?: true },
): Promise<void> {
  const change = parseAssignments(words)
  const store = await session.store()
  await confirmOrigin(session, await store.provider(name), change, options.yes === true)
  const changed = await store.changeProvider(name, change)
  session.out.show(providerNow(changed, await readState(session)), () => '')
  session.out.say(`changed ${name}`)
  await session.inForce()
}

/** A new origin is where the provider's keys will be sent: the owner is told before. */
async function confirmOrigin(
  session: Session,
  provider: Provider,
  { baseUrl }: ProviderChange,
  yes: boolean,
): Promise<void> {
  if (baseUrl === undefined) return
  const { origin } = new URL(baseUrl)
  if (origin === new URL(provider.baseUrl).origin) return
  const keys = await (await session.store()).keys(provider.name)
  if (keys.length === 0) return
  const warning = `${plural(keys.length, 'key')} of ${provider.name} will be sent to ${origin}.`
  if (yes) session.out.warn(warning)
  else await confirm(`${warning} Go on?`, false)
}

async function toggle(session: Session, name: string, verb: 'enable' | 'disable'): Promise<void> {
  const store = await session.store()
  const changed = await store.changeProvider(name, { enabled: verb === 'enable' })
  session.out.show(providerNow(changed, await readState(session)), () => '')
  session.out.say(`${verb}d ${name}`)
  await session.inForce()
}

async function test(session: Session, name: string): Promise<void> {
  const { testProvider } = await import('../key-tests.ts')
  await testProvider(session, name)
}

async function models(session: Session, name: string, options: { all?: true }): Promise<void> {
  const { showModels } = await import('../model-listing.ts')
  await showModels(session, name, options.all === true)
}

async function remove(session: Session, name: string, options: { yes?: true }): Promise<void> {
  const store = await session.store()
  await store.provider(name)
  const targets = (await store.routes()).flatMap(route => route.targets)
  const going = {
    keys: (await store.keys(name)).length,
    targets: targets.filter(({ provider }) => provider === name).length,
  }
  await confirm(`Remove ${name} and its ${belongings(going)}?`, options.yes === true)
  const removed = await store.removeProvider(name)
  session.out.show({ removed: name, ...removed }, () => '')
  session.out.say(`removed ${name} and its ${belongings(removed)}`)
  await session.inForce()
}

/** `2 keys`, or `2 keys and 1 target of routes`. */
function belongings({ keys, targets }: RemovedProvider): string {
  const others = targets > 0 ? ` and ${plural(targets, 'target')} of routes` : ''
  return plural(keys, 'key') + others
}
