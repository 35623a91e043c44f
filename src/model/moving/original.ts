import { asBalanceError } from '../../base/errors.ts'
import { Secret } from '../../base/secret.ts'
import type { Provider } from '../catalog.ts'
import { type GivenProxyUrl, parseProxyUrl, shownProxyUrl } from '../egress-proxy.ts'
import type { Settings } from '../settings.ts'
import { STRONG_TOKEN } from '../token-strength.ts'
import type { ImportLine, ImportPlan, WantedToken } from './belongings.ts'
import { isKnownSecret } from './known-secrets.ts'
import { type Given, OriginalConfig } from './original-config.ts'
import { placed } from './original-keys.ts'
import { byDefault, convert, notCarriedOver } from './original-lines.ts'
import { type Furnished, readProviders } from './original-providers.ts'
import { ORIGINAL_SETTINGS, originalSetting } from './original-settings.ts'
import { isDefault, isEmpty, listOf, textOf } from './original-values.ts'
import { ProviderNames } from './provider-names.ts'

export interface OriginalSource {
  /** `t_settings`, as it is; null where there is no database. */
  readonly rows: ReadonlyMap<string, string | null> | null
  /** The variables of its `.env`. */
  readonly env: Readonly<Record<string, string>>
}

export interface OriginalPlan extends ImportPlan {
  /** What its providers are called here; of two with one name, the one in force there. */
  readonly names: ReadonlyMap<string, string>
}

/**
 * What an installation of OpenAI Balance, or of gemini-balance, becomes here.
 * @param present the providers that are here
 * @param weak whether known and short tokens are brought along too
 */
export function planOriginal(
  source: OriginalSource,
  present: readonly Provider[],
  weak: boolean,
): OriginalPlan {
  const config = new OriginalConfig(source)
  const lines: ImportLine[] = []
  const furnished = readProviders(config, new ProviderNames(present), lines)
  const tokens = readTokens(config, weak, lines)
  const proxies = readProxies(config, lines)
  const settings = {
    ...chooseDefault(config, furnished, present.length > 0, lines),
    ...readSettings(config, lines),
  }
  for (const given of config.others) lines.push(other(given))
  return {
    belongings: { providers: furnished.map(({ provider }) => provider), tokens, settings, proxies },
    lines,
    names: new Map(
      furnished.toReversed().map(({ original, provider }) => [original, provider.name]),
    ),
  }
}

/** Client tokens, and the administrator's, which lets clients in there too. */
function readTokens(config: OriginalConfig, weak: boolean, lines: ImportLine[]): WantedToken[] {
  const clients = config.get('ALLOWED_TOKENS')
  const admin = config.get('AUTH_TOKEN')
  const values = listOf(clients.raw)
  const wanted = [
    ...values.map((value, index) => ({ given: clients, value, name: `client-${index + 1}` })),
    ...(isEmpty(admin.raw) ? [] : [{ given: admin, value: textOf(admin.raw), name: 'admin' }]),
  ]
  return wanted.flatMap(({ given, value, name }) => {
    const secret = new Secret(value)
    const outcome = { ...placed(given), becomes: `token ${name} (${secret.masked})` }
    if (name === 'admin' && values.includes(value)) {
      lines.push({ ...outcome, becomes: null, outcome: 'default', remark: SAME })
      return []
    }
    const fault = tokenFault(value)
    if (fault !== null && (fault.hopeless || !weak)) {
      lines.push({
        ...outcome,
        becomes: null,
        outcome: 'not carried over',
        remark: `${name}: ${fault.why}`,
      })
      return []
    }
    lines.push({ ...outcome, outcome: 'imported', remark: fault?.why ?? '' })
    return [{ value: secret, name }]
  })
}

const SAME = 'it is a client token too, which anybody who has it could administer that gateway with'

function tokenFault(value: string): { readonly why: string; readonly hopeless: boolean } | null {
  if (!/^[\x21-\x7e]{1,256}$/.test(value)) {
    return { why: 'it is not 1 to 256 visible ASCII characters', hopeless: true }
  }
  if (isKnownSecret(value)) return { why: `${KNOWN}; ${WEAK}`, hopeless: false }
  if (value.length < STRONG_TOKEN) {
    return { why: `it is shorter than ${STRONG_TOKEN} characters; ${WEAK}`, hopeless: false }
  }
  return null
}

const KNOWN = 'it stands in the examples, so everybody knows it'
const WEAK = '--weak takes it, for callers on this host only where it is short'

function readProxies(config: OriginalConfig, lines: ImportLine[]): GivenProxyUrl[] {
  const given = config.get('PROXIES')
  return listOf(given.raw).flatMap(text => {
    try {
      const proxy = parseProxyUrl(text)
      const shown = shownProxyUrl({ url: proxy.url, protected: proxy.password !== null })
      const line = { ...placed(given), becomes: `proxy ${shown}`, remark: '' }
      lines.push({ ...line, outcome: 'imported' })
      return [proxy]
    } catch (error) {
      lines.push(notCarriedOver(given, `one of them: ${asBalanceError(error).message}`))
      return []
    }
  })
}

/** Those of the whole gateway. */
function readSettings(config: OriginalConfig, lines: ImportLine[]): Partial<Settings> {
  const other = (name: string) => config.get(name).raw
  const settings: Partial<Settings> = {}
  for (const [name, setting] of Object.entries(ORIGINAL_SETTINGS)) {
    const { into } = setting
    if (into.to !== 'settings') continue
    const run = (raw: unknown) => into.convert(raw, other)
    Object.assign(settings, convert(config.get(name), setting, run, '', lines))
  }
  return settings
}

/** Where nobody has named one there, and there are providers here, the default one here stays. */
function chooseDefault(
  config: OriginalConfig,
  furnished: readonly Furnished[],
  settled: boolean,
  lines: ImportLine[],
): Partial<Settings> {
  const given = config.get('DEFAULT_PROVIDER')
  const wanted = textOf(given.raw)
  const automatic = wanted === '' || wanted === 'default'
  if (automatic && settled) {
    lines.push({ ...byDefault(given), remark: 'the default provider here stays' })
    return {}
  }
  const usable = furnished.filter(({ provider }) => provider.enabled && provider.keys.length > 0)
  const chosen = automatic
    ? (usable[0] ?? furnished.find(({ provider }) => provider.enabled))
    : furnished.find(({ original, provider }) => original === wanted && provider.enabled)
  if (chosen) {
    const { name } = chosen.provider
    const remark = automatic && furnished.length > 1 ? 'the first one with keys, as there' : ''
    lines.push({
      ...placed(given),
      becomes: `default_provider ${name}`,
      outcome: 'imported',
      remark,
    })
    return { default_provider: name }
  }
  if (!automatic) lines.push(notCarriedOver(given, 'it names none of the providers in use'))
  return {}
}

function other(given: Given): ImportLine {
  const { type, fallback, how, into } = originalSetting(given.name)
  if (into.to === 'source') return { ...byDefault(given), remark: how }
  if (isDefault(given.raw, type, fallback)) return byDefault(given)
  const line = notCarriedOver(given, how.replaceAll('`', ''))
  return given.name === '' ? { ...line, setting: '(no name)' } : line
}
