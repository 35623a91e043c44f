import { isDeepStrictEqual } from 'node:util'
import { BalanceError } from '../base/errors.ts'
import { printable } from '../base/text.ts'
import {
  type Catalog,
  type Key,
  PROVIDER_KINDS,
  type Provider,
  type Route,
} from '../model/catalog.ts'
import { spanOf } from '../model/key-span.ts'
import { isRouteModel, isTargetModel } from '../model/route-fields.ts'
import {
  formatSetting,
  PROVIDER_SETTING_NAMES,
  parseSetting,
  SETTING_NAMES,
  type SettingName,
  type Settings,
} from '../model/settings.ts'

/**
 * Refuses values that no command writes, but that other hands, or another version, may have left in
 * the store. The data path takes every value at its word: a limit that is no number limits nothing.
 * @param checked keys of an earlier catalogue that were found to be fine
 * @throws BalanceError config_invalid naming the row that is wrong
 */
export function check(
  { settings, providers, keys, tokens, routes }: Catalog,
  checked: readonly Key[] = [],
): void {
  checkValues('Setting', SETTING_NAMES, settings)
  for (const provider of providers) checkProvider(provider)
  const { from, to } = spanOf(checked, keys)
  for (const key of keys.slice(from, to)) checkKey(key)
  for (const { name, providers, models, rpm, concurrency } of tokens) {
    const fine = [providers, models].every(isListOrNull) && [rpm, concurrency].every(isLimit)
    if (!fine) throw wrong(`Token ${name}: its limits are no limits.`)
  }
  const names = new Set(providers.map(({ name }) => name))
  for (const route of routes) checkRoute(route, names)
}

function checkProvider({ name, kind, overrides }: Provider): void {
  if (!PROVIDER_KINDS.includes(kind)) throw wrong(`Provider ${name}: "${kind}" is no kind of API.`)
  if (typeof overrides !== 'object' || overrides === null || Array.isArray(overrides)) {
    throw wrong(`Provider ${name}: its settings are none.`)
  }
  const own = PROVIDER_SETTING_NAMES.filter(setting => overrides[setting] !== undefined)
  checkValues(`Provider ${name}:`, own, overrides)
}

function checkKey({ provider, label, weight, tier, rpm, concurrency }: Key): void {
  if (isCount(weight) && isCount(tier) && isLimit(rpm) && isLimit(concurrency)) return
  throw wrong(`Key ${provider}/${label}: its weight, tier or limits are no counts.`)
}

function checkRoute({ model, targets }: Route, providers: ReadonlySet<string>): void {
  if (!isRouteModel(model)) throw wrong(`Route ${printable(model, 80)}: this is no model.`)
  if (targets.length === 0) throw wrong(`Route ${model}: it has no target.`)
  for (const target of targets) {
    if (!providers.has(target.provider)) {
      throw wrong(`Route ${model}: there is no provider "${target.provider}".`)
    }
    if (![target.weight, target.tier].every(isCount)) {
      throw wrong(`Route ${model}: the weight or tier of ${target.provider} is no count.`)
    }
    if (target.model !== null && !isTargetModel(target.model)) {
      throw wrong(`Route ${model}: what ${target.provider} is asked for is no model.`)
    }
  }
}

/** Each value is what its own text would be read as, were it given to a command. */
function checkValues(
  whose: string,
  names: readonly SettingName[],
  values: Partial<Settings>,
): void {
  for (const name of names) {
    if (!isDeepStrictEqual(reread(whose, name, values[name]), values[name])) {
      throw wrong(`${whose} ${name}: the value is of another type.`)
    }
  }
}

function reread(whose: string, name: SettingName, value: unknown): unknown {
  try {
    return parseSetting(name, formatSetting(name, value as Settings[SettingName]))
  } catch (error) {
    throw wrong(`${whose} ${(error as Error).message}`)
  }
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1
}

function isLimit(value: unknown): boolean {
  return value === null || isCount(value)
}

function isListOrNull(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.every(entry => typeof entry === 'string'))
}

function wrong(message: string): BalanceError {
  return new BalanceError('config_invalid', message)
}
