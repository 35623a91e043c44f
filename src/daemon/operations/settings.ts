import type { Operator } from '../../control/api.ts'
import type { SETTINGS_AND_AUDIT } from '../../control/operations/settings.ts'
import { auditShape } from '../../control/shapes/audit.ts'
import { maskedSetting, refuseMasked } from '../../control/shapes/masked.ts'
import {
  changeableSetting,
  type SettingShape,
  settingShape,
  startShapes,
} from '../../control/shapes/setting.ts'
import { parseSetting, type SettingName } from '../../model/settings.ts'
import { make } from './changes.ts'
import type { OperationParts } from './parts.ts'

/** The values of headers, and a password in the store's URL, are not shown. */
export function settingOperations(
  parts: OperationParts,
): Pick<Operator, keyof typeof SETTINGS_AND_AUDIT> {
  const { store, config } = parts
  return {
    async 'settings.list'() {
      const start = startShapes({ ...config, store: store.url })
      return [...start, ...(await store.settings()).map(row => maskedSetting(settingShape(row)))]
    },

    async 'settings.set'(input, caller) {
      const name = changeableSetting(input.name)
      refuseMasked(name, input.value)
      const value = parseSetting(name, input.value)
      return make(
        parts,
        'settings.set',
        input,
        caller,
        as => as.setSetting(name, value),
        () => shapeOf(parts, name),
      )
    },

    async 'settings.unset'(input, caller) {
      const name = changeableSetting(input.name)
      return make(
        parts,
        'settings.unset',
        input,
        caller,
        as => as.unsetSetting(name),
        () => shapeOf(parts, name),
      )
    },

    async 'audit.list'(query) {
      return (await store.audit(query)).map(auditShape)
    },
  }
}

async function shapeOf({ store }: OperationParts, name: SettingName): Promise<SettingShape> {
  const row = (await store.settings()).find(setting => setting.name === name)
  if (!row) throw new Error('Every setting has a row.')
  return maskedSetting(settingShape(row))
}
