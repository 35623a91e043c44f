import { Secret } from '../../base/secret.ts'
import type { Provider } from '../catalog.ts'
import { PRESETS, type Preset } from '../presets.ts'
import type { ImportLine, ImportPlan, WantedKey, WantedProvider } from './belongings.ts'
import { keyFault } from './known-secrets.ts'
import { maskedList } from './original-keys.ts'
import { listOf } from './original-values.ts'

/** Names that vendors' own tools read, where they are not made of the preset's name. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = { gemini: ['GOOGLE'] }

type Variables = Readonly<Record<string, string>>

/**
 * The vendors' keys that stand in the environment: `OPENAI_API_KEY`, `OPENAI_API_KEY_1`, …, each one
 * key or a list with commas.
 * @param reference names the variables in place of their values
 */
export function planEnvironment(
  variables: Variables,
  present: readonly Provider[],
  reference: boolean,
): ImportPlan {
  const lines: ImportLine[] = []
  const providers = Object.entries<Preset>(PRESETS).flatMap(([name, preset]) => {
    if (!preset.needsKey) return []
    const names = keyVariables(name, variables)
    const address = addressFault(name, preset, variables, present)
    if (address !== null) {
      for (const variable of names) lines.push(refused(variable, address))
      return []
    }
    const keys = names.flatMap(variable => keysIn(variable, name, variables, reference, lines))
    return keys.length === 0 ? [] : [wantedProvider(name, preset, keys)]
  })
  return { belongings: { providers, tokens: [], settings: {} }, lines }
}

/** The variables that hold keys of this preset, numbered ones in the order of their numbers. */
function keyVariables(preset: string, variables: Variables): string[] {
  return [preset.toUpperCase(), ...(OTHER_NAMES[preset] ?? [])].flatMap(vendor => {
    const pattern = new RegExp(`^${vendor}_API_KEYS?(?:_(\\d{1,4}))?$`)
    return Object.keys(variables)
      .filter(name => pattern.test(name) && variables[name]?.trim() !== '')
      .sort((one, other) => numberIn(one) - numberIn(other) || one.localeCompare(other))
  })
}

function numberIn(variable: string): number {
  return Number(/_(\d+)$/.exec(variable)?.[1] ?? 0)
}

/** A key is sent to nobody but whom it is for. */
function addressFault(
  name: string,
  { baseUrl }: Preset,
  variables: Variables,
  present: readonly Provider[],
): string | null {
  const variable = `${name.toUpperCase()}_BASE_URL`
  const given = variables[variable]
  const { origin } = new URL(baseUrl)
  if (given && !(URL.canParse(given) && new URL(given).origin === origin)) {
    return `${variable} is set: this key is for that address`
  }
  const own = present.find(provider => provider.name === name || provider.path === name)
  if (!own || new URL(own.baseUrl).origin === origin) return null
  return `${name} is another provider here, at ${own.baseUrl}`
}

function keysIn(
  variable: string,
  provider: string,
  variables: Variables,
  reference: boolean,
  lines: ImportLine[],
): WantedKey[] {
  const values = listOf(variables[variable])
  const good = values.filter(value => keyFault(value) === null)
  for (const value of values) {
    const fault = keyFault(value)
    if (fault !== null) lines.push(refused(variable, fault))
  }
  if (good.length === 0) return []
  if (reference && values.length > 1) {
    lines.push(refused(variable, 'a list of keys cannot be referred to: leave out --reference'))
    return []
  }
  const kept = reference ? `env:${variable}` : maskedList(good)
  const becomes = `${provider}: ${kept}`
  lines.push({ setting: variable, from: 'environment', becomes, outcome: 'imported', remark: '' })
  return good.map(value => {
    const clear = new Secret(value)
    return reference ? { value: new Secret(`env:${variable}`), clear } : { value: clear }
  })
}

function wantedProvider(
  name: string,
  { kind, baseUrl }: Preset,
  keys: WantedKey[],
): WantedProvider {
  const own = { name, kind, baseUrl, path: null, enabled: true, overrides: {} }
  return { ...own, keys: withoutTwins(keys), modelsKey: null }
}

/** The same key in two variables is one. */
function withoutTwins(keys: readonly WantedKey[]): WantedKey[] {
  const clear = ({ value, clear }: WantedKey) => (clear ?? value).reveal()
  return [...new Map(keys.map(key => [clear(key), key])).values()]
}

function refused(variable: string, remark: string): ImportLine {
  return {
    setting: variable,
    from: 'environment',
    becomes: null,
    outcome: 'not carried over',
    remark,
  }
}
