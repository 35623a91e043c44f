import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { BalanceError } from '../../base/errors.ts'
import { nearest } from '../../base/text.ts'
import {
  changeableSetting,
  type SettingShape,
  settingShape,
  startShapes,
} from '../../control/shapes/setting.ts'
import type { Origin } from '../../model/catalog.ts'
import { loadConfig, spellDeclared } from '../../model/config.ts'
import { parseSubject, spellSubject } from '../../model/plan.ts'
import { parseSetting, SETTING_NAMES, type SettingName } from '../../model/settings.ts'
import { auditLog } from '../audit-log.ts'
import { apply, declaredCounts, diff, spellCounts } from '../config-plan.ts'
import { example } from '../example.ts'
import { whole } from '../option-values.ts'
import type { Run } from '../program.ts'
import type { Session } from '../session.ts'
import type { Column } from '../table.ts'

export function define(command: Command, run: Run): void {
  command
    .command('list')
    .description('all settings and start options with their values')
    .option('--show-origin', 'also say where each value comes from')
    .addHelpText('after', example('balance config list --show-origin'))
    .action(run(list))
  command
    .command('get')
    .description('one value')
    .argument('<name>')
    .addHelpText('after', example('balance config get max_retries'))
    .action(run(get))
  command
    .command('set')
    .description('change a setting; it then wins over the configuration file')
    .argument('<name>')
    .argument('<value>')
    .addHelpText('after', example('balance config set idle_timeout 90s'))
    .action(run(set))
  command
    .command('unset')
    .description('give a setting back to the configuration file, or to its default')
    .argument('<name>', 'a setting, or provider/NAME, key/PROVIDER/LABEL, token/NAME, route/MODEL')
    .addHelpText('after', UNSET_HELP)
    .action(run(unset))
  command
    .command('validate')
    .description('check a configuration file without using it')
    .argument('[file]', 'the one in force, if none is named')
    .option(...FILE_OPTION)
    .addHelpText('after', example('balance config validate ./balance.config.yaml'))
    .action(run(validate))
  command
    .command('diff')
    .description('what the configuration file declares, against what is in force')
    .option(...FILE_OPTION)
    .option('--exit-code', 'exit 1 where they differ')
    .addHelpText('after', example('balance config diff --exit-code'))
    .action(run(diff))
  command
    .command('apply')
    .description('make the store as the configuration file declares it, after a look at the plan')
    .option(...FILE_OPTION)
    .option('--prune', 'remove what came from a file and is declared no longer')
    .option('--dry-run', 'show the plan alone')
    .option('--yes', 'without a question')
    .addHelpText('after', APPLY_HELP)
    .action(run(apply))
  command
    .command('export')
    .description('what the store holds, as a configuration file; secrets sealed or hashed')
    .addOption(
      new Option('--origin <origin>', 'only what this one owns')
        .choices(['file', 'command', 'all'])
        .default('all'),
    )
    .addHelpText('after', EXPORT_HELP)
    .action(run(exportFile))
  command
    .command('log')
    .description('what was changed, by whom; newest first')
    .option('--limit <n>', 'most changes', whole('--limit', 1, 100_000), 50)
    .option('--before <id>', 'the page that ends before this id', whole('--before', 1, 2 ** 52))
    .option('--subject <name>', 'only changes of what has this name')
    .addHelpText('after', LOG_HELP)
    .action(run(auditLog))
  command
    .command('path')
    .description('which configuration file is in force')
    .addHelpText('after', example('$EDITOR "$(balance config path)"'))
    .action(run(path))
}

const FILE_OPTION = ['-f, --file <file>', 'another than the one in force'] as const

const UNSET_HELP = `
A provider, key, token or route is made as the file declares it, and follows the file again.

Examples:
  $ balance config unset idle_timeout
  $ balance config unset provider/openai`

const APPLY_HELP = `
What is applied belongs to the file from then on, also what a command had set. What commands
made and the file does not declare stays, also with --prune. A plan is good for the revision it
was made at: where the store has changed meanwhile, nothing is done.

Examples:
  $ balance config apply --dry-run
  $ balance config apply -f team.yaml --prune`

const LOG_HELP = `
A name is that of a setting, token, route (its model), or provider, whose keys are included; or a
key's label, id, or PROVIDER/LABEL. Keys changed together are one line under their provider, and
each of them finds it. What was renamed is found by the name it had at the time, and by its id.
Where several have a name, say which: provider/NAME, key/NAME, token/NAME or route/MODEL.

Examples:
  $ balance config log --subject max_retries
  $ balance config log --subject key/main`

const EXPORT_HELP = `
Sealed keys can be taken over by an empty store that has the same master key. Headers are written
as they are.

Example:
  $ balance config export > exported.yaml`

async function list(session: Session, options: { showOrigin?: true }): Promise<void> {
  const shapes = await readAll(session)
  const columns = options.showOrigin ? [NAME, VALUE, ORIGIN, FILE] : [NAME, VALUE, MEANING]
  session.out.list(columns, shapes)
}

type SettingColumn = Column<SettingShape>
const NAME: SettingColumn = { head: 'NAME', cell: row => row.name }
const VALUE: SettingColumn = { head: 'VALUE', cell: row => row.value }
const MEANING: SettingColumn = { head: 'MEANING', soft: true, cell: row => row.doc }
const ORIGIN: SettingColumn = { head: 'ORIGIN', soft: true, cell: row => row.origin }
const FILE: SettingColumn = { head: 'FILE SAYS', cell: row => row.file_value }

async function get(session: Session, name: string): Promise<void> {
  const wanted = name.replaceAll('-', '_')
  const shapes = await readAll(session)
  const shape = shapes.find(known => known.name === wanted)
  if (!shape)
    throw unknown(
      name,
      shapes.map(known => known.name),
    )
  session.out.show(shape, () => shape.value)
}

async function readAll(session: Session): Promise<SettingShape[]> {
  const settings = await (await session.store()).settings()
  return [...startShapes(session.config()), ...settings.map(settingShape)]
}

async function set(session: Session, given: string, value: string): Promise<void> {
  const name = changeableSetting(given)
  const parsed = parseSetting(name, value)
  const store = await session.store()
  if (name === 'default_provider' && parsed !== '') await store.provider(String(parsed))
  await store.setSetting(name, parsed)
  await report(session, name, 'set')
}

async function unset(session: Session, given: string): Promise<void> {
  const subject = parseSubject(given)
  const store = await session.store()
  if (subject === null) {
    const name = changeableSetting(given)
    await store.unsetSetting(name)
    return report(session, name, 'given back')
  }
  const { differences } = await store.giveBack(session.config().declared, subject)
  session.out.show({ ...subject, differences }, () => '')
  const what = spellSubject(subject)
  if (differences.length === 0) return session.out.say(`${what} is the file's already`)
  session.out.say(`given back: ${what} is as the file declares it`)
  await session.inForce()
}

async function report(session: Session, name: SettingName, done: string): Promise<void> {
  const row = (await (await session.store()).settings()).find(setting => setting.name === name)
  if (!row) throw unknown(name, SETTING_NAMES)
  const shape = settingShape(row)
  session.out.show(shape, () => '')
  session.out.say(`${done}: ${name} is ${shape.value} (${shape.origin})`)
  await session.inForce()
}

function unknown(name: string, known: readonly string[]): BalanceError {
  const near = nearest(name, known)
  return new BalanceError('no_such', `There is no setting "${name}".`, {
    hint: near ? `Did you mean ${near}?` : 'See balance config list.',
  })
}

async function validate(
  session: Session,
  argument: string | undefined,
  options: { readonly file?: string },
): Promise<void> {
  if (argument !== undefined && options.file !== undefined) {
    throw new BalanceError('usage', 'Name one file: as an argument, or with -f.', {
      hint: 'See balance config validate --help.',
    })
  }
  const file = argument ?? options.file
  const config =
    file === undefined ? session.config() : loadConfig({ flags: { config: resolve(file) } })
  if (config.file === null) {
    throw new BalanceError('config_invalid', 'There is no configuration file to check.', {
      hint: 'Name one: balance config validate FILE. None is needed.',
    })
  }
  const counts = declaredCounts(config.declared)
  session.out.show({ file: config.file, ...counts }, () => '')
  session.out.say(`${config.file} is valid: ${spellCounts(counts)}`)
}

async function exportFile(session: Session, { origin }: { origin: Origin | 'all' }): Promise<void> {
  const text = spellDeclared(await (await session.store()).held(origin))
  session.out.show({ origin, text }, () => text.trimEnd())
}

async function path(session: Session): Promise<void> {
  const { file } = session.config()
  session.out.show({ file }, () => file ?? '')
  if (file === null) session.out.say('There is no configuration file; none is needed.')
}
