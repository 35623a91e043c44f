import type { Kysely } from 'kysely'
import type { Origin } from '../model/catalog.ts'
import type { SettingRow } from '../model/changes.ts'
import {
  DEFAULT_SETTINGS,
  SETTING_NAMES,
  type SettingName,
  type Settings,
  VEILED_SETTINGS,
} from '../model/settings.ts'
import type { Store } from '../model/store.ts'
import type { Change } from './change.ts'
import { readJson } from './json.ts'
import type { StoreParts } from './parts.ts'
import { findProvider } from './provider-rows.ts'
import { checkProxies } from './proxy-rows.ts'
import type { Tables } from './tables.ts'

type SettingVerbs = Pick<Store, 'settings' | 'setSetting' | 'unsetSetting'>

export function settingVerbs({ engine, change }: StoreParts): SettingVerbs {
  return {
    settings: () => engine.query(readSettings),

    setSetting: (name, value) =>
      change(async made => {
        await checkNamed(made.db, name, value)
        await writeSetting(made, name, value, 'command')
      }),

    unsetSetting: name =>
      change(async made => {
        await dropSetting(made, name, ['command'])
        const row = (await readSettings(made.db)).find(setting => setting.name === name)
        if (row?.origin === 'file') await checkNamed(made.db, name, row.value as never)
      }),
  }
}

/** Every setting with the value in force: a command's, else the file's, else the default. */
export async function readSettings(db: Kysely<Tables>): Promise<SettingRow[]> {
  const rows = await db.selectFrom('settings').selectAll().execute()
  const values = new Map(rows.map(row => [`${row.origin} ${row.name}`, row.value]))
  return SETTING_NAMES.map(name => {
    const file = values.get(`file ${name}`)
    const command = values.get(`command ${name}`)
    if (command !== undefined) {
      const row: SettingRow = { name, value: read(name, command), origin: 'command' }
      return file === undefined ? row : { ...row, fileValue: read(name, file) }
    }
    if (file !== undefined) return { name, value: read(name, file), origin: 'file' }
    return { name, value: DEFAULT_SETTINGS[name], origin: 'default' }
  })
}

export function settingsInForce(rows: readonly SettingRow[]): Settings {
  return Object.fromEntries(rows.map(({ name, value }) => [name, value])) as unknown as Settings
}

/**
 * Whether what a setting names is there.
 * @throws BalanceError no_such
 */
export async function checkNamed<K extends SettingName>(
  db: Kysely<Tables>,
  name: K,
  value: Settings[K],
): Promise<void> {
  if (name === 'default_provider' && value !== '') await findProvider(db, String(value))
  if (name === 'proxy') await checkProxies(db, value as Settings['proxy'])
}

/** Writes one origin's value of a setting; false where it is that already. */
export async function writeSetting<K extends SettingName>(
  { db, note }: Change,
  name: K,
  value: Settings[K],
  origin: Origin,
): Promise<boolean> {
  const before = await storedValue(db, name, origin)
  const after = JSON.stringify(value)
  if (before === after) return false
  await db.deleteFrom('settings').where('name', '=', name).where('origin', '=', origin).execute()
  await db.insertInto('settings').values({ name, origin, value: after }).execute()
  note(`setting.set.${origin}`, name, told(name, before), told(name, after))
  return true
}

/** Drops a setting's rows of these origins; with a value, only those that have it. */
export async function dropSetting<K extends SettingName>(
  { db, note }: Change,
  name: K,
  origins: readonly Origin[],
  value?: Settings[K],
): Promise<void> {
  for (const origin of origins) {
    const before = await storedValue(db, name, origin)
    if (before === null || (value !== undefined && before !== JSON.stringify(value))) continue
    await db.deleteFrom('settings').where('name', '=', name).where('origin', '=', origin).execute()
    note(`setting.unset.${origin}`, name, told(name, before), null)
  }
}

async function storedValue(db: Kysely<Tables>, name: SettingName, origin: Origin) {
  const row = await db
    .selectFrom('settings')
    .select('value')
    .where('name', '=', name)
    .where('origin', '=', origin)
    .executeTakeFirst()
  return row?.value ?? null
}

/**
 * For the audit: headers may carry a secret, so only their names are told. What cannot be read is
 * told as that, so that it can be replaced.
 */
function told(name: SettingName, value: string | null): unknown {
  if (value === null) return null
  try {
    const clear = read(name, value)
    return VEILED_SETTINGS.has(name) ? Object.keys(clear) : clear
  } catch {
    return UNREADABLE
  }
}

const UNREADABLE = '(unreadable)'

function read<K extends SettingName>(name: K, text: string): Settings[K] {
  return readJson(text, `Setting ${name}`)
}
