import type { Provider } from '../../model/catalog.ts'
import {
  formatSetting,
  PROVIDER_SETTING_NAMES,
  type ProviderSettings,
  type Settings,
} from '../../model/settings.ts'
import type { ProviderStatus } from '../../model/status.ts'

/** A setting as it holds for one provider, written as an operator would write it. */
export interface ProviderSettingShape {
  readonly name: keyof ProviderSettings
  readonly value: string
  /** Set for this provider, or taken from `config list`. */
  readonly from: 'provider' | 'config'
}

/** One provider as `providers show --json` prints it: its line of `providers list`, and settings. */
export function providerShape(provider: Provider, status: ProviderStatus, settings: Settings) {
  return {
    ...status,
    created: new Date(provider.createdAt).toISOString(),
    settings: PROVIDER_SETTING_NAMES.map(name => settingShape(provider, settings, name)),
  }
}

export type ProviderShape = ReturnType<typeof providerShape>

function settingShape(
  provider: Provider,
  settings: Settings,
  name: keyof ProviderSettings,
): ProviderSettingShape {
  const own = provider.overrides[name]
  return {
    name,
    value: formatSetting(name, own ?? settings[name]),
    from: own === undefined ? 'config' : 'provider',
  }
}
