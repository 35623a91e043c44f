import { BalanceError } from '../../base/errors.ts'
import { formatSetting, type SettingName, type Settings } from '../settings.ts'
import type { ImportLine } from './belongings.ts'
import type { Given } from './original-config.ts'
import type { Converted } from './original-conversions.ts'
import { placed } from './original-keys.ts'
import type { OriginalSetting } from './original-settings.ts'
import { isDefault, isEmpty, isReadable } from './original-values.ts'

/** Converts a value into settings of ours; a line says what became of it. */
export function convert<T extends Partial<Settings>>(
  given: Given,
  { type, fallback }: OriginalSetting,
  run: (raw: unknown) => Converted<T>,
  whose: string,
  lines: ImportLine[],
): Partial<T> {
  if (isEmpty(given.raw) || isDefault(given.raw, type, fallback)) {
    if (!isEmpty(given.raw) && given.from !== 'default') lines.push(byDefault(given))
    return {}
  }
  if (!isReadable(given.raw, type)) {
    lines.push(notCarriedOver(given, `it is no ${type}`))
    return {}
  }
  try {
    const { value, remark = '' } = run(given.raw)
    const here = told(value)
    if (here === '') lines.push(notCarriedOver(given, remark))
    else lines.push({ ...placed(given), becomes: whose + here, outcome: 'imported', remark })
    return value
  } catch (error) {
    if (!(error instanceof BalanceError)) throw error
    lines.push(notCarriedOver(given, error.message))
    return {}
  }
}

/** `timeout 60s, idle_timeout 60s`; of headers their names alone, for they may carry a secret. */
function told(values: Partial<Record<SettingName, unknown>>): string {
  return Object.entries(values)
    .map(([name, value]) => {
      const shown =
        name === 'headers'
          ? Object.keys(value as object).join(', ')
          : formatSetting(name as SettingName, value as Settings[SettingName])
      return `${name} ${shown}`
    })
    .join(', ')
}

export function notCarriedOver(given: Given, remark: string): ImportLine {
  return { ...placed(given), becomes: null, outcome: 'not carried over', remark }
}

/** What the original does by itself. */
export function byDefault(given: Given): ImportLine {
  return { ...placed(given), becomes: null, outcome: 'default', remark: '' }
}
