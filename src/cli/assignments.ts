import { BalanceError } from '../base/errors.ts'
import { PROVIDER_KINDS } from '../model/catalog.ts'
import type { ProviderChange } from '../model/changes.ts'
import { parseBaseUrl, parseOverride, parseProviderName } from '../model/provider-fields.ts'
import type { ProviderSettings } from '../model/settings.ts'
import { oneOf } from './option-values.ts'

/**
 * `name=value` words → the change of a provider they ask for; `name=` gives a value back to its
 * default. Besides the settings a provider may override: base_url, path and kind.
 * @throws BalanceError usage for a word without `=`, no_such for an unknown name, invalid_value
 */
export function parseAssignments(words: readonly string[]): ProviderChange {
  let change: ProviderChange = {}
  for (const word of words) {
    const { name, value } = split(word)
    const field = FIELDS.get(name)
    change = field
      ? { ...change, ...field(value) }
      : { ...change, overrides: { ...change.overrides, ...parseOverride(name, value) } }
  }
  return change
}

/** What of a change says something for a provider that is new: the overrides that are set. */
export function overridesOf(change: ProviderChange): Partial<ProviderSettings> {
  const set = Object.entries(change.overrides ?? {}).filter(([, value]) => value !== null)
  return Object.fromEntries(set) as Partial<ProviderSettings>
}

type Field = (value: string) => ProviderChange

const FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['base_url', value => ({ baseUrl: parseBaseUrl(value) })],
  ['path', value => ({ path: value === '' ? null : parseProviderName(value) })],
  ['kind', value => ({ kind: oneOf('kind', PROVIDER_KINDS)(value) })],
])

function split(word: string): { readonly name: string; readonly value: string } {
  const at = word.indexOf('=')
  if (at > 0) return { name: word.slice(0, at).replaceAll('-', '_'), value: word.slice(at + 1) }
  throw new BalanceError('usage', `"${word}" is not of the form name=value.`, {
    hint: 'Write for example timeout=60s; timeout= gives it back to its default.',
  })
}
