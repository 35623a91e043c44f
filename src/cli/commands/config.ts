import { resolve } from 'node:path'
import type { Command } from 'commander'
import { BalanceError } from '../../base/errors.ts'
import { nearest } from '../../base/text.ts'
import { loadConfig } from '../../model/config.ts'
import { parseSetting, SETTING_NAMES, type SettingName, settingName } from '../../model/settings.ts'
import { plural } from '../plural.ts'
import type { Run } from '../program.ts'
import type { Session } from '../session.ts'
import { type SettingShape, settingShape, startOptionHint, startShapes } from '../shapes/setting.ts'
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
    .argument('<name>')
    .addHelpText('after', example('balance config unset idle_timeout'))
    .action(run(unset))
  command
    .command('validate')
    .description('check a configuration file without using it')
    .argument('[file]', 'the one in force, if none is named')
    .addHelpText('after', example('balance config validate ./balance.config.yaml'))
    .action(run(validate))
  command
    .command('path')
    .description('which configuration file is in force')
    .addHelpText('after', example('$EDITOR "$(balance config path)"'))
    .action(run(path))
}

function example(line: string): string {
  return `\nExample:\n  $ ${line}`
}

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
  const name = changeable(given)
  const parsed = parseSetting(name, value)
  const store = await session.store()
  if (name === 'default_provider' && parsed !== '') await store.provider(String(parsed))
  await store.setSetting(name, parsed)
  await report(session, name, 'set')
}

async function unset(session: Session, given: string): Promise<void> {
  const name = changeable(given)
  await (await session.store()).unsetSetting(name)
  await report(session, name, 'given back')
}

async function report(session: Session, name: SettingName, done: string): Promise<void> {
  const row = (await (await session.store()).settings()).find(setting => setting.name === name)
  if (!row) throw unknown(name, SETTING_NAMES)
  const shape = settingShape(row)
  session.out.show(shape, () => '')
  session.out.say(`${done}: ${name} is ${shape.value} (${shape.origin})`)
  await session.inForce()
}

function changeable(given: string): SettingName {
  const name = given.replaceAll('-', '_')
  const hint = startOptionHint(name)
  if (hint === null) return settingName(name)
  throw new BalanceError('usage', `${name} is not kept in the store.`, { hint })
}

function unknown(name: string, known: readonly string[]): BalanceError {
  const near = nearest(name, known)
  return new BalanceError('no_such', `There is no setting "${name}".`, {
    hint: near ? `Did you mean ${near}?` : 'See balance config list.',
  })
}

async function validate(session: Session, file: string | undefined): Promise<void> {
  const config =
    file === undefined ? session.config() : loadConfig({ flags: { config: resolve(file) } })
  if (config.file === null) {
    throw new BalanceError('config_invalid', 'There is no configuration file to check.', {
      hint: 'Name one: balance config validate FILE. None is needed.',
    })
  }
  const { settings, providers } = config.declared
  const found = {
    file: config.file,
    settings: Object.keys(settings).length,
    providers: providers.length,
  }
  session.out.show(found, () => '')
  session.out.say(
    `${found.file} is valid: ${plural(found.settings, 'setting')}, ${plural(found.providers, 'provider')}`,
  )
}

async function path(session: Session): Promise<void> {
  const { file } = session.config()
  session.out.show({ file }, () => file ?? '')
  if (file === null) session.out.say('There is no configuration file; none is needed.')
}
