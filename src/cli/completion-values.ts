import type { Argument, Option } from 'commander'
import { PRESETS } from '../model/presets.ts'
import { PROVIDER_SETTING_NAMES, SETTING_NAMES, SETTINGS } from '../model/settings.ts'
import type { Named, Names } from '../store/names.ts'
import type { Place } from './completion.ts'
import { wordsOf } from './option-values.ts'

/** A word that fits, and what it means, for shells that show it. */
export interface Candidate {
  readonly value: string
  readonly about: string
}

export interface Suggestions {
  readonly candidates: readonly Candidate[]
  /** Whether the names of files fit, too. */
  readonly files: boolean
}

/** What the store calls things; null where that cannot be known quickly. */
export type Words = () => Promise<Names | null>

type Source = (known: Words) => Promise<readonly Candidate[]> | readonly Candidate[]

/** What can be the value of an option, or of an argument. */
export async function candidatesFor(
  place: Place,
  asked: Option | Argument,
  known: Words,
): Promise<Suggestions> {
  const words = [...(asked.argChoices ?? []), ...wordsOf(asked.parseArg ?? {})]
  if (words.length > 0) {
    return { candidates: words.map(value => ({ value, about: '' })), files: false }
  }
  const path = pathOf(place)
  const name = 'flags' in asked ? (asked.long ?? '') : asked.name()
  const source =
    SOURCES[`${path} ${name}`] ?? SOURCES[`${path.split(' ')[0]} ${name}`] ?? SOURCES[name]
  if (source) return { candidates: await source(known), files: false }
  const shown = 'flags' in asked ? asked.flags : asked.name()
  return { candidates: [], files: /(^|<)(file|dir)>?$|^--store-file/.test(shown) }
}

/** `keys add`: the words of the command, without the program's. */
function pathOf({ program, command }: Place): string {
  const words: string[] = []
  for (let each = command; each !== program && each.parent; each = each.parent) {
    words.unshift(each.name())
  }
  return words.join(' ')
}

const named =
  (...of: readonly (keyof Names)[]): Source =>
  async known => {
    const names = await known()
    return of.flatMap(each => (names?.[each] ?? []).map(candidate))
  }

function candidate({ name, about }: Named): Candidate {
  return { value: name, about }
}

const presets: Source = () =>
  Object.entries(PRESETS).map(([value, { baseUrl }]) => ({ value, about: baseUrl }))

const settings: Source = () => SETTING_NAMES.map(value => ({ value, about: SETTINGS[value].doc }))

const providerSettings: Source = () =>
  [
    ...PROVIDER_SETTING_NAMES.map(name => ({ name, about: SETTINGS[name].doc })),
    ...['base_url', 'path', 'kind'].map(name => ({ name, about: '' })),
  ].map(({ name, about }) => ({ value: `${name}=`, about }))

/** By `command argument`, by `group argument`, or by the argument's or option's name alone. */
const SOURCES: Readonly<Record<string, Source>> = {
  provider: named('providers'),
  '--provider': named('providers'),
  '--providers': named('providers'),
  '--to': named('providers'),
  key: named('keyLabels', 'keys'),
  '--key': named('keyLabels', 'keys'),
  token: named('tokens'),
  '--token': named('tokens'),
  proxy: named('proxies'),
  'providers add name': presets,
  'init --provider': presets,
  'providers name': named('providers'),
  'providers set name=value': providerSettings,
  'providers add --set': providerSettings,
  'config get name': settings,
  'config set name': settings,
  'config unset name': settings,
  'config log --subject': settings,
  'routes remove model': named('routes'),
  'routes list model': named('routes'),
  'routes explain model': named('routes'),
}
