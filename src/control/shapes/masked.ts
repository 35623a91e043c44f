import { BalanceError } from '../../base/errors.ts'
import { VEILED_SETTINGS } from '../../model/settings.ts'
import type { ProviderShape } from './provider.ts'
import type { SettingShape } from './setting.ts'

/** Stands for the value of a header or a parameter: it may be a credential, which no answer of a daemon shows. */
const MASK = '…'

export function maskedSetting(shape: SettingShape): SettingShape {
  const { name, value, file_value: file } = shape
  return {
    ...shape,
    value: masked(name, value),
    file_value: file === null ? null : masked(name, file),
  }
}

export function maskedProvider(shape: ProviderShape): ProviderShape {
  const settings = shape.settings.map(one => ({ ...one, value: masked(one.name, one.value) }))
  return { ...shape, settings }
}

/**
 * Refuses a value that was shown masked and is sent back so.
 * @throws BalanceError invalid_value
 */
export function refuseMasked(name: string, value: string): void {
  if (!VEILED_SETTINGS.has(name) || !value.includes(`"${MASK}"`)) return
  throw new BalanceError(
    'invalid_value',
    `${name}: ${MASK} stands for a value that is not shown.`,
    {
      hint: 'Write each value anew.',
    },
  )
}

/** The names of headers and parameters stay. */
function masked(name: string, value: string): string {
  if (!VEILED_SETTINGS.has(name)) return value
  const names = Object.keys(JSON.parse(value) as object)
  return JSON.stringify(Object.fromEntries(names.map(header => [header, MASK])))
}
