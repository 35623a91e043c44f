import { describe, expect, it } from 'vitest'
import { PRESETS, type Preset } from '../../src/model/presets.ts'
import { formatSetting, PROVIDER_SETTING_NAMES, SETTINGS } from '../../src/model/settings.ts'
import { Generated, markdownTable } from './generated.ts'

const document = new Generated('providers.md')

const PRESET_TABLE = markdownTable(
  ['name', 'kind', 'base URL', 'key'],
  Object.entries<Preset>(PRESETS).map(([name, { kind, baseUrl, needsKey }]) => [
    `\`${name}\``,
    kind,
    `\`${baseUrl}\``,
    needsKey ? 'yes' : 'none',
  ]),
)

const SETTING_TABLE = markdownTable(
  ['setting', 'default', ''],
  PROVIDER_SETTING_NAMES.map(name => {
    const { fallback, doc } = SETTINGS[name]
    const value = formatSetting(name, fallback)
    return [`\`${name}\``, value === '' ? 'empty' : `\`${value}\``, doc]
  }),
)

describe('docs/providers.md', () => {
  it('lists every preset', () => {
    expect(document.part('presets', PRESET_TABLE), 'npm run report:docs').toBe(PRESET_TABLE)
  })

  it('lists every setting that a provider may have of its own', () => {
    expect(document.part('settings', SETTING_TABLE), 'npm run report:docs').toBe(SETTING_TABLE)
  })
})
