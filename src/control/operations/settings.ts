import * as z from 'zod'
import { page, text } from '../fields.ts'
import { change, read } from '../operation.ts'
import type { AuditShape } from '../shapes/audit.ts'
import type { SettingShape } from '../shapes/setting.ts'

export const SETTINGS_AND_AUDIT = {
  'settings.list': read<readonly SettingShape[]>()(z.strictObject({})),
  'settings.set': change<SettingShape>()({ name: text, value: z.string().max(65_536) }),
  /** Gives it back to the configuration file, or to its default. */
  'settings.unset': change<SettingShape>()({ name: text }),
  /** Newest first. */
  'audit.list': read<readonly AuditShape[]>()(
    z.strictObject({ subject: text.exactOptional(), ...page }),
  ),
}
