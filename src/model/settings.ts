import { BalanceError } from '../base/errors.ts'
import { nearest } from '../base/text.ts'
import {
  apiVersion,
  count,
  duration,
  flag,
  globs,
  header,
  headers,
  hosts,
  type Kind,
  keyTemplate,
  modelName,
  name,
  names,
  POLICIES,
  type Policy,
  parameters,
  policy,
  proxies,
  size,
} from './setting-kinds.ts'
import { parseDuration, parseSize } from './units.ts'

export { POLICIES, type Policy } from './setting-kinds.ts'

/** Settings a provider may override; durations in ms. */
export interface ProviderSettings {
  /** Consecutive authentication faults that make a key invalid. */
  readonly max_failures: number
  /** Attempts of one exchange that may end in a transient fault, the first included. */
  readonly max_retries: number
  /** From dispatch to the upstream's response headers. */
  readonly timeout: number
  /** To the first byte of an answer, over all attempts. */
  readonly first_byte_timeout: number
  readonly connect_timeout: number
  /** From dispatch to the first meaningful event of a stream. */
  readonly first_token_timeout: number
  /** Longest silence inside an answer. */
  readonly idle_timeout: number
  /** Longest time an answer's head is held back so that a bad one can still fail over. */
  readonly commit_hold: number
  readonly policy: Policy
  /** Globs of models that are served, those after a `!` are not; empty: all. */
  readonly models: readonly string[]
  /** Id or label of the key that asks for the list of models; empty: whichever has its turn. */
  readonly models_key: string
  /** Id or label of the key for lists of objects, and for objects that nobody knows; empty: the oldest enabled one. */
  readonly home_key: string
  /** The model that a key is tested with, by a chat of one token; empty: by the free list of models. */
  readonly test_model: string
  /** Headers sent to the upstream with every request. */
  readonly headers: Readonly<Record<string, string>>
  /** Further client headers (lower case) passed upward. */
  readonly forward_headers: readonly string[]
  /** Parameters in every query to the upstream, in the place of the client's. */
  readonly query: Readonly<Record<string, string>>
  /** The version of the vendor's API that is asked for where the client names none; empty: the kind's own. */
  readonly api_version: string
  /** Header (lower case) that carries the key; empty: the kind's own. */
  readonly key_header: string
  /** That header's value, with `{key}` where the key stands; empty: the kind's own. */
  readonly key_template: string
  /** Proxies that it is dialled through, by name; or `all` of them, or `none`. */
  readonly proxy: readonly string[]
}

export interface Settings extends ProviderSettings {
  /** Name of the provider that serves default paths; empty: none. */
  readonly default_provider: string
  readonly normalize_urls: boolean
  /** Whether a token sees no objects but those that it made. */
  readonly isolate_objects: boolean
  /** Largest body held in memory, bytes. */
  readonly max_body: number
  /** Largest body streamed through, bytes. */
  readonly max_upload: number
  /** Bytes of held bodies in flight, all requests together. */
  readonly body_budget: number
  readonly max_in_flight: number
  /** Longest time a client may take without reading anything of its answer. */
  readonly write_idle: number
  /** How long requests stay in the log, and failed attempts. */
  readonly log_max_age: number
  readonly error_max_age: number
  /** How often invalid keys are tried again; 0: never. */
  readonly check_interval: number
  /** Largest size of the log on the disk, bytes. */
  readonly log_max_bytes: number
  /** Whether `/admin/` is served. */
  readonly dashboard: boolean
  /** Host names, besides those of this host, that browsers may call it by. */
  readonly dashboard_hosts: readonly string[]
}

export type SettingName = keyof Settings

interface Spec<T> extends Kind<T> {
  readonly fallback: T
  readonly doc: string
  readonly perProvider: boolean
}

function spec<T>(kind: Kind<T>, fallback: T, doc: string): Spec<T> {
  return { ...kind, fallback, doc, perProvider: false }
}

/** A setting that a provider may override. */
function each<T>(kind: Kind<T>, fallback: T, doc: string): Spec<T> {
  return { ...kind, fallback, doc, perProvider: true }
}

/** Every setting kept in the store: its schema, default, and the line `config list` shows. */
export const SETTINGS: { readonly [K in SettingName]: Spec<Settings[K]> } = {
  default_provider: spec(name, '', 'provider of the default paths; the first one added'),
  normalize_urls: spec(
    flag,
    true,
    'mend common mistakes in paths (a missing /v1, doubled slashes, …)',
  ),
  isolate_objects: spec(
    flag,
    false,
    'whether files, batches and other objects are there for the token alone that made them',
  ),
  max_body: spec(size('1KiB', '1GiB'), parseSize('32MiB'), 'largest JSON body'),
  max_upload: spec(size('1KiB', '64GiB'), parseSize('1GiB'), 'largest streamed body'),
  body_budget: spec(
    size('1MiB', '64GiB'),
    parseSize('256MiB'),
    'bytes of held bodies, all requests together',
  ),
  max_in_flight: spec(count(1, 65_536), 4_096, 'requests served at once'),
  write_idle: spec(
    duration('1s', '1h'),
    parseDuration('60s'),
    'longest time a client may not read its answer',
  ),
  log_max_age: spec(
    duration('1h', '3650d'),
    parseDuration('30d'),
    'how long requests stay in the log',
  ),
  error_max_age: spec(
    duration('1h', '3650d'),
    parseDuration('7d'),
    'how long failed attempts stay in the log',
  ),
  check_interval: spec(
    duration('0', '30d'),
    parseDuration('1h'),
    'how often invalid keys are tried again; 0: never',
  ),
  log_max_bytes: spec(
    size('16MiB', '1024GiB'),
    parseSize('1GiB'),
    'largest size of the log on the disk',
  ),
  dashboard: spec(flag, true, 'whether the dashboard is served, at /admin/'),
  dashboard_hosts: spec(hosts, [], 'names, besides localhost, that browsers call the dashboard by'),

  max_failures: each(count(1, 100), 3, 'consecutive authentication faults that make a key invalid'),
  max_retries: each(
    count(1, 100),
    3,
    'attempts that may end in a transient fault, the first included',
  ),
  timeout: each(duration('1s', '1h'), parseDuration('300s'), 'from dispatch to response headers'),
  first_byte_timeout: each(
    duration('10ms', '1h'),
    parseDuration('300s'),
    'to the first byte, over all attempts',
  ),
  connect_timeout: each(duration('100ms', '5m'), parseDuration('10s'), 'to connect, TLS included'),
  first_token_timeout: each(
    duration('1s', '1h'),
    parseDuration('120s'),
    'to the first meaningful event of a stream',
  ),
  idle_timeout: each(
    duration('1s', '1h'),
    parseDuration('120s'),
    'longest silence inside an answer, and of an upstream that takes no more of an upload',
  ),
  commit_hold: each(
    duration('0', '60s'),
    parseDuration('3s'),
    'longest time an answer is held so that a bad one can fail over',
  ),
  policy: each(policy, 'round-robin', `how a key is chosen: ${POLICIES.join(', ')}`),
  models: each(globs, [], 'models that are served, as globs with commas; !glob: not served'),
  models_key: each(name, '', 'key that asks for the list of models, by id or label'),
  home_key: each(
    name,
    '',
    'key for lists of files, batches, … and for those that nobody here knows; empty: the oldest enabled one',
  ),
  test_model: each(
    modelName,
    '',
    'model that keys are tested with, at the cost of one token; empty: tested by a free call',
  ),
  headers: each(headers, {}, 'headers sent to the upstream, as JSON'),
  forward_headers: each(names, [], 'further client headers passed upward, as a JSON list'),
  query: each(parameters, {}, 'parameters in every query to the upstream, as JSON'),
  api_version: each(
    apiVersion,
    '',
    'version of the API where a client names none (azure, anthropic); empty: the usual one',
  ),
  key_header: each(header, '', 'header that carries the key; empty: the one of its kind'),
  key_template: each(
    keyTemplate,
    '',
    'value of that header, {key} standing for the key; empty: as its kind has it',
  ),
  proxy: each(
    proxies,
    ['all'],
    'proxies that upstreams are dialled through, by name with commas; all, or none',
  ),
}

/** Settings whose values may carry a secret: where others may look, their names alone are told. */
export const VEILED_SETTINGS: ReadonlySet<string> = new Set<SettingName>(['headers', 'query'])

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[]
export const PROVIDER_SETTING_NAMES = SETTING_NAMES.filter(
  setting => SETTINGS[setting].perProvider,
) as (keyof ProviderSettings)[]

export const DEFAULT_SETTINGS: Settings = Object.freeze(
  Object.fromEntries(SETTING_NAMES.map(setting => [setting, SETTINGS[setting].fallback])),
) as unknown as Settings

/** The setting of this name, or an error that names the nearest one. */
export function settingName(given: string): SettingName {
  if (Object.hasOwn(SETTINGS, given)) return given as SettingName
  const near = nearest(given, SETTING_NAMES)
  throw new BalanceError('no_such', `There is no setting "${given}".`, {
    hint: near ? `Did you mean ${near}?` : 'See balance config list.',
  })
}

/**
 * A setting's value from what an operator wrote: a text from the command line or a YAML value.
 * @throws BalanceError invalid_value, naming the setting and what it takes.
 */
export function parseSetting<K extends SettingName>(setting: K, given: unknown): Settings[K] {
  let value = given
  if (typeof given === 'string' && /^\s*[[{]/.test(given)) {
    try {
      value = JSON.parse(given)
    } catch {
      throw new BalanceError('invalid_value', `${setting}: the value is not valid JSON.`)
    }
  }
  const result = SETTINGS[setting].schema.safeParse(value)
  if (result.success) return result.data as Settings[K]
  const [issue] = result.error.issues
  throw new BalanceError(
    'invalid_value',
    `${setting}: ${issue?.message.replace(/\.$/, '') ?? 'invalid value'}.`,
    {
      hint: `${setting}: ${SETTINGS[setting].doc}. Its default is ${formatSetting(setting, SETTINGS[setting].fallback)}.`,
    },
  )
}

/**
 * The value as an operator would write it.
 * @param value of this very setting; which it is the compiler cannot follow where both vary
 */
export function formatSetting(setting: SettingName, value: Settings[SettingName]): string {
  return SETTINGS[setting].format(value as never)
}
