import { isDeepStrictEqual } from 'node:util'
import type { Kysely } from 'kysely'
import type { Declared } from '../../model/declared.ts'
import { SETTING_NAMES, type SettingName } from '../../model/settings.ts'
import { checkNamed, dropSetting, writeSetting } from '../settings.ts'
import type { Tables } from '../tables.ts'
import { declaredStep, removingStep, type Step } from './step.ts'

/**
 * Steps of settings.
 * @param standing says whether there will be a provider of this name
 */
export async function settingSteps(
  db: Kysely<Tables>,
  declared: Declared,
  standing: (provider: string) => boolean,
): Promise<Step[]> {
  const stored = await readStored(db)
  const implied = impliedDefault(declared, stored, standing)
  const none = !stored.get('file default_provider')
  const wanted: Partial<Record<SettingName, unknown>> = {
    ...declared.settings,
    // An empty one is as good as none.
    default_provider: declared.settings.default_provider || (none ? implied : undefined),
  }
  return SETTING_NAMES.flatMap(name => {
    const file = stored.get(`file ${name}`)
    if (wanted[name] !== undefined)
      return [stepOf(name, wanted[name], stored, declared.settingPlaces?.[name])]
    if (file === undefined) return []
    if (name !== 'default_provider') return [letGo(name, file, undefined)]
    return file === declared.providers[0]?.name ? [] : [letGo(name, file, implied)]
  })
}

/** The first provider declared, where no command has named another. */
function impliedDefault(
  { providers: [first] }: Declared,
  stored: Stored,
  standing: (provider: string) => boolean,
): string | undefined {
  const chosen = stored.get('command default_provider')
  const named = typeof chosen === 'string' && chosen !== '' && standing(chosen)
  return named ? undefined : first?.name
}

/** @param instead what takes its place */
function letGo(name: SettingName, file: unknown, instead: string | undefined): Step {
  return removingStep({
    kind: 'setting',
    name,
    holder: 'file',
    fields: { [name]: file },
    async run(made) {
      await dropSetting(made, name, ['file'])
      if (instead !== undefined) await writeSetting(made, name, instead, 'file')
    },
  })
}

function stepOf(
  name: SettingName,
  value: unknown,
  stored: Stored,
  place: string | undefined,
): Step {
  const present = (['command', 'file'] as const)
    .filter(origin => stored.has(`${origin} ${name}`))
    .map(origin => ({ fields: { [name]: stored.get(`${origin} ${name}`) }, origin }))
  return declaredStep({
    kind: 'setting',
    name,
    place,
    after: { [name]: value },
    present: present[0] ?? null,
    async run(made, takeOver) {
      // What stays beneath a command's value is not looked at again: it may name what is gone.
      if (takeOver || !isDeepStrictEqual(stored.get(`file ${name}`), value)) {
        await checkNamed(made.db, name, value as never)
      }
      await writeSetting(made, name, value as never, 'file')
      if (takeOver) await dropSetting(made, name, ['command'])
    },
  })
}

/** `origin name` → its value; null where it cannot be read, and so can only be replaced. */
type Stored = ReadonlyMap<string, unknown>

async function readStored(db: Kysely<Tables>): Promise<Stored> {
  const rows = await db.selectFrom('settings').selectAll().execute()
  return new Map(rows.map(({ name, origin, value }) => [`${origin} ${name}`, readOrNull(value)]))
}

function readOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
