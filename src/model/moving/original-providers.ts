import { BalanceError } from '../../base/errors.ts'
import type { ProviderSettings } from '../settings.ts'
import type { ImportLine, WantedProvider } from './belongings.ts'
import type { Given, OriginalConfig } from './original-config.ts'
import { Item } from './original-item.ts'
import { placed, readKeys } from './original-keys.ts'
import { convert, notCarriedOver } from './original-lines.ts'
import { originalSetting, PROVIDER_FIELDS } from './original-settings.ts'
import { originalUrl } from './original-url.ts'
import {
  flagOf,
  isDefault,
  isEmpty,
  isReadable,
  itemsOf,
  listOf,
  textOf,
} from './original-values.ts'
import type { ProviderNames } from './provider-names.ts'

/** A provider with the name it had there. */
export interface Furnished {
  readonly original: string
  readonly provider: WantedProvider
}

/** The settings that the default provider has from variables of their own. */
const OWN_SETTINGS = ['CUSTOM_HEADERS', 'TIME_OUT', 'MAX_FAILURES', 'MAX_RETRIES', 'TEST_MODEL']

/** All providers of the original: those of PROVIDERS_CONFIG, else the one of the variables. */
export function readProviders(
  config: OriginalConfig,
  names: ProviderNames,
  lines: ImportLine[],
): Furnished[] {
  const listed = listedProviders(config, names, lines)
  const only = defaultProvider(config, names, listed, lines)
  return only ? [...listed, only] : listed
}

function listedProviders(
  config: OriginalConfig,
  names: ProviderNames,
  lines: ImportLine[],
): Furnished[] {
  const given = config.get('PROVIDERS_CONFIG')
  if (!isEmpty(given.raw) && !isReadable(given.raw, 'providers')) {
    lines.push(notCarriedOver(given, 'it is no JSON list'))
  }
  const all = itemsOf(given.raw).map((item, index) => new Item(item, index, given.from))
  const later = (item: Item) =>
    all.slice(all.indexOf(item) + 1).some(({ name, fault }) => name === item.name && fault === null)
  // Those in force come first: theirs is the name.
  const items = [...all.filter(item => !later(item)), ...all.filter(later)]
  return items.flatMap(item => {
    const { fault } = item
    if (fault === null) return listed(item, later(item), config, names, lines)
    lines.push(notCarriedOver(item.given(null), fault))
    return []
  })
}

/** @param later whether another item has the same name, which is the one in force there */
function listed(
  item: Item,
  later: boolean,
  config: OriginalConfig,
  names: ProviderNames,
  lines: ImportLine[],
): Furnished[] {
  const base = readUrl(item.given('base_url'), lines)
  if (base === null) return []
  const { segment: name, reason } = names.name(item.name, base.url)
  const path = names.path(textOf(item.given('path').raw), name)
  const switched = item.given('enabled')
  const enabled = !later && (isEmpty(switched.raw) || flagOf(switched.raw))
  const remarks = [
    reason,
    path.reason,
    base.remark,
    later ? 'a later one of this name is the one in force there: disabled' : null,
    !later && !enabled ? 'disabled, as there' : null,
  ]
  lines.push({
    ...placed(item.given(null)),
    becomes: `provider ${name} (${base.url})`,
    outcome: 'imported',
    remark: joined(remarks),
  })
  const keys = readKeys(item.given('api_keys'), item.given('model_request_key'), name, lines)
  const overrides: Partial<ProviderSettings> = {}
  for (const [field, { like }] of Object.entries(PROVIDER_FIELDS)) {
    if (like === null) continue
    const own = item.given(field)
    const given = like === 'TEST_MODEL' && isEmpty(own.raw) ? config.get(like) : own
    Object.assign(overrides, readSetting(given, like, name, lines))
  }
  for (const field of item.strange) lines.push(notCarriedOver(item.given(field), 'it is no field'))
  if (flagOf(item.given('tools_code_execution_enabled').raw)) {
    const field = 'tools_code_execution_enabled'
    lines.push(notCarriedOver(item.given(field), PROVIDER_FIELDS[field]?.how ?? ''))
  }
  const { url: baseUrl } = base
  const provider = {
    name,
    kind: 'openai',
    baseUrl,
    path: path.segment,
    enabled,
    overrides,
    ...keys,
  } as const
  return [{ original: item.name, provider }]
}

/** The provider of the variables; beside listed ones it is not in use there, and disabled here. */
function defaultProvider(
  config: OriginalConfig,
  names: ProviderNames,
  others: readonly Furnished[],
  lines: ImportLine[],
): Furnished | null {
  const inUse = others.length === 0
  const keys = config.get('API_KEYS')
  if (isEmpty(keys.raw) && (!inUse || config.get('BASE_URL').from === 'default')) {
    return unused(config, lines)
  }
  const base = readUrl(config.get('BASE_URL'), lines)
  if (base === null) return null
  if (!inUse && others.some(({ provider }) => hasAll(provider, base.url, listOf(keys.raw)))) {
    lines.push({
      ...placed(keys),
      becomes: null,
      outcome: 'default',
      remark: 'a listed provider has them',
    })
    return unused(config, lines)
  }
  const { segment: name, reason } = names.name('default', base.url)
  const remark = joined([
    reason,
    base.remark,
    inUse ? null : 'disabled: PROVIDERS_CONFIG takes its place there',
  ])
  lines.push({
    ...placed(config.get('BASE_URL')),
    becomes: `provider ${name} (${base.url})`,
    outcome: 'imported',
    remark,
  })
  const given = readKeys(keys, config.get('MODEL_REQUEST_KEY'), name, lines)
  const overrides: Partial<ProviderSettings> = {}
  for (const setting of OWN_SETTINGS) {
    Object.assign(overrides, readSetting(config.get(setting), setting, name, lines))
  }
  const { url: baseUrl } = base
  const provider = {
    name,
    kind: 'openai',
    baseUrl,
    path: null,
    enabled: inUse,
    overrides,
    ...given,
  } as const
  return { original: 'default', provider }
}

/** The settings of the variables' provider, where that has nothing else. */
function unused(config: OriginalConfig, lines: ImportLine[]): null {
  for (const name of ['MODEL_REQUEST_KEY', ...OWN_SETTINGS]) {
    const given = config.get(name)
    const { type, fallback } = originalSetting(name)
    if (given.from === 'default' || isDefault(given.raw, type, fallback)) continue
    if (name !== 'TEST_MODEL') lines.push(notCarriedOver(given, UNUSED))
  }
  return null
}

const UNUSED = 'it is for the provider of API_KEYS, which is not in use there'

function hasAll(
  { baseUrl, keys }: WantedProvider,
  url: string,
  values: readonly string[],
): boolean {
  const has = new Set(keys.map(({ value }) => value.reveal()))
  return baseUrl === url && values.every(value => has.has(value))
}

function readUrl(given: Given, lines: ImportLine[]): ReturnType<typeof originalUrl> | null {
  try {
    return originalUrl(textOf(given.raw))
  } catch (error) {
    if (!(error instanceof BalanceError)) throw error
    lines.push(notCarriedOver(given, error.message))
    return null
  }
}

/** A setting of one provider, converted as the setting `like`. */
function readSetting(
  given: Given,
  like: string,
  provider: string,
  lines: ImportLine[],
): Partial<ProviderSettings> {
  const setting = originalSetting(like)
  const { into } = setting
  return into.to === 'provider' ? convert(given, setting, into.convert, `${provider}: `, lines) : {}
}

function joined(remarks: readonly (string | null)[]): string {
  return remarks.filter(remark => remark !== null && remark !== '').join('; ')
}
