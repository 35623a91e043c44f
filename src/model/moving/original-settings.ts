import { type ProviderSettings, parseSetting, type Settings } from '../settings.ts'
import { age, type Converted, counted, headers, timeouts } from './original-conversions.ts'
import { flagOf, listOf, numberOf, textOf, type ValueType } from './original-values.ts'

/** Where a setting of the original goes. */
export type Into =
  /** Settings of its provider: the default one, or the item of PROVIDERS_CONFIG. */
  | {
      readonly to: 'provider'
      readonly convert: (raw: unknown) => Converted<Partial<ProviderSettings>>
    }
  /** Settings of the whole gateway. */
  | {
      readonly to: 'settings'
      readonly convert: (
        raw: unknown,
        other: (name: string) => unknown,
      ) => Converted<Partial<Settings>>
    }
  /** Providers, their keys, tokens: what the plan is made of. */
  | { readonly to: 'plan' }
  /** Where the original's own database is, which says nothing about ours. */
  | { readonly to: 'source' }
  | { readonly to: 'nothing' }

export interface OriginalSetting {
  readonly type: ValueType
  /** What the original takes where nothing is said. */
  readonly fallback: unknown
  /** What it is here, as Markdown; empty where it is nothing. */
  readonly here: string
  /** How its value is converted, or why it is nothing here, as Markdown. */
  readonly how: string
  readonly into: Into
}

const URL_RULE =
  '`https://` is put before it where the scheme is missing; the address of Gemini’s own API becomes that for OpenAI clients'

/** Every setting of OpenAI Balance 1.3.3: the importer, its report and the document go by this table. */
export const ORIGINAL_SETTINGS: Readonly<Record<string, OriginalSetting>> = {
  API_KEYS: plan(
    'list',
    'keys of the provider `default`',
    'with `PROVIDERS_CONFIG`, where the original does not use them, keys of a disabled provider',
  ),
  BASE_URL: plan('text', 'base URL of the provider `default`', URL_RULE),
  CUSTOM_HEADERS: provider('headers', {}, 'headers', 'names in lower case', headers),
  TIME_OUT: provider(
    'number',
    300,
    'timeout, idle_timeout',
    'seconds; `first_byte_timeout` too where it is longer than 300',
    timeouts,
  ),
  MAX_FAILURES: provider(
    'number',
    3,
    'max_failures',
    'here only refusals of the key itself count, one after the other',
    counted('max_failures'),
  ),
  MAX_RETRIES: provider(
    'number',
    3,
    'max_retries',
    'attempts in all; here of every kind of request',
    counted('max_retries'),
  ),
  TEST_MODEL: provider(
    'text',
    'gpt-4o-mini',
    'test_model',
    'where it is another than `gpt-4o-mini`: keys are tested by a free call otherwise',
    raw => ({ value: { test_model: parseSetting('test_model', textOf(raw)) } }),
  ),
  MODEL_REQUEST_KEY: plan(
    'text',
    'key of the provider `default`, and its `models_key`',
    'one that is not among the others is added in tier 100, used after all of them',
  ),
  PROVIDERS_CONFIG: plan(
    'providers',
    'providers with their keys and settings',
    'each field as in the table below; names in lower case',
  ),
  DEFAULT_PROVIDER: plan(
    'text',
    '`default_provider`',
    '`default` means the first one that is enabled and has keys',
  ),
  ALLOWED_TOKENS: plan(
    'list',
    'client tokens `client-1`, `client-2`, …',
    'kept as hashes; known and weak ones only with `--weak`',
  ),
  AUTH_TOKEN: plan(
    'text',
    'client token `admin`',
    'it opens no administration here: that is the command line',
  ),
  FILTERED_MODELS: settings(
    'list',
    [],
    'models',
    'each with a `!` before it; here such a model is really not served',
    raw => ({
      value: {
        models: parseSetting(
          'models',
          listOf(raw).map(name => `!${name}`),
        ),
      },
    }),
  ),
  CHECK_INTERVAL_HOURS: settings('number', 1, 'check_interval', 'hours; 0 is off', raw => {
    const value = parseSetting('check_interval', `${numberOf(raw)}h`)
    return { value: { check_interval: value } }
  }),
  URL_NORMALIZATION_ENABLED: settings(
    'flag',
    false,
    'normalize_urls',
    'on by default here, where it loses no provider; turn it off with `balance config set normalize_urls off`',
    raw => ({ value: { normalize_urls: flagOf(raw) } }),
  ),
  AUTO_DELETE_ERROR_LOGS_ENABLED: nothing(
    'flag',
    true,
    'the log is always kept within bounds: raise `error_max_age`',
  ),
  AUTO_DELETE_ERROR_LOGS_DAYS: settings(
    'number',
    7,
    'error_max_age',
    'days, where deleting is switched on',
    (raw, other) => age('error_max_age', raw, other('AUTO_DELETE_ERROR_LOGS_ENABLED')),
  ),
  AUTO_DELETE_REQUEST_LOGS_ENABLED: nothing(
    'flag',
    false,
    'the log is always kept within bounds: `log_max_age` and `log_max_bytes`',
  ),
  AUTO_DELETE_REQUEST_LOGS_DAYS: settings(
    'number',
    30,
    'log_max_age',
    'days, where deleting is switched on',
    (raw, other) => age('log_max_age', raw, other('AUTO_DELETE_REQUEST_LOGS_ENABLED')),
  ),
  LOG_LEVEL: nothing(
    'text',
    'INFO',
    'a start option here: `balance serve --log-level`, `BALANCE_LOG_LEVEL`, or `log_level` in the file',
  ),
  ERROR_LOG_RECORD_REQUEST_BODY: nothing(
    'flag',
    false,
    'bodies of requests are never written down',
  ),
  PROXIES: plan(
    'list',
    'proxies `proxy-1`, `proxy-2`, …',
    'every provider uses them; one that fails is left out, and its keys use the others',
  ),
  PROXIES_USE_CONSISTENCY_HASH_BY_API_KEY: nothing(
    'flag',
    true,
    'a key always keeps its proxy here, over restarts too',
  ),
  PROXY_AUTO_CHECK_ENABLED: nothing('flag', false, 'proxies that fail are always checked here'),
  PROXY_CHECK_INTERVAL_HOURS: nothing('number', 1, 'after 5 s, and up to 5 min'),
  PROXY_MAX_FAILURES: nothing('number', 3, 'three in a row, here always'),
  PROXY_CHECK_URL: nothing(
    'text',
    'https://www.google.com',
    'proxies are asked for a connection to a provider that uses them',
  ),
  PROXY_CHECK_TIMEOUT: nothing('number', 10, 'the provider’s `connect_timeout`'),
  TIMEZONE: nothing('text', 'Asia/Shanghai', 'times are kept in UTC and shown in this host’s zone'),
  ADMIN_SESSION_EXPIRE: nothing(
    'number',
    3600,
    'there are no sessions: administration is the command line',
  ),
  GITHUB_REPO_OWNER: nothing('text', 'OnlineMo', 'nothing is asked of GitHub'),
  GITHUB_REPO_NAME: nothing('text', 'OpenAi-Balance', 'nothing is asked of GitHub'),
  DATABASE_TYPE: place('mysql'),
  SQLITE_DATABASE: place('default_db'),
  MYSQL_HOST: place(''),
  MYSQL_PORT: place(3306),
  MYSQL_USER: place(''),
  MYSQL_PASSWORD: place(''),
  MYSQL_DATABASE: place(''),
  MYSQL_SOCKET: place(''),
}

/** What a field of an item of PROVIDERS_CONFIG is here; `like`: converted as that setting is. */
export interface OriginalField {
  readonly like: string | null
  readonly here: string
  readonly how: string
}

export const PROVIDER_FIELDS: Readonly<Record<string, OriginalField>> = {
  name: field('name', 'in lower case; a name that means something in paths gets another one'),
  path: field('second path segment', 'left out where another provider or a path of ours has it'),
  base_url: field('base URL', URL_RULE),
  api_keys: field('keys', 'in the same order'),
  model_request_key: field('`models_key`', 'as `MODEL_REQUEST_KEY`'),
  custom_headers: field('`headers`', 'as `CUSTOM_HEADERS`', 'CUSTOM_HEADERS'),
  timeout: field('`timeout`, `idle_timeout`', 'as `TIME_OUT`', 'TIME_OUT'),
  max_failures: field('`max_failures`', 'as `MAX_FAILURES`', 'MAX_FAILURES'),
  max_retries: field('`max_retries`', 'not bounded by `MAX_RETRIES` here', 'MAX_RETRIES'),
  test_model: field('`test_model`', '`TEST_MODEL` where it is empty', 'TEST_MODEL'),
  enabled: field('enabled or disabled', 'of a provider that is here already it changes nothing'),
  tools_code_execution_enabled: field('', 'it has no effect in the original'),
}

/** Settings of gemini-balance that mean nothing here, by name. */
export const GEMINI_SETTINGS =
  /^(VERTEX_|PAID_KEY$|CREATE_IMAGE_MODEL$|UPLOAD_|SMMS_|PICGO_|CLOUDFLARE_IMGBED_|OSS_|FAKE_STREAM_|STREAM_|THINKING_|SHOW_|SAFETY_SETTINGS$|SEARCH_MODELS$|IMAGE_MODELS$|URL_CONTEXT_|TTS_|FILES_|TOOLS_CODE_EXECUTION_|CODE_EXECUTION_)/

/** What is to be done with a value of this name, known or not. */
export function originalSetting(name: string): OriginalSetting {
  if (Object.hasOwn(ORIGINAL_SETTINGS, name)) return ORIGINAL_SETTINGS[name] as OriginalSetting
  return nothing('text', '', GEMINI_SETTINGS.test(name) ? GEMINI_ONLY : 'it is no setting')
}

const GEMINI_ONLY = 'a feature of gemini-balance that is not here'

function plan(type: ValueType, here: string, how: string): OriginalSetting {
  return { type, fallback: '', here, how, into: { to: 'plan' } }
}

function provider(
  type: ValueType,
  fallback: unknown,
  here: string,
  how: string,
  convert: (raw: unknown) => Converted<Partial<ProviderSettings>>,
): OriginalSetting {
  return {
    type,
    fallback,
    here: `${named(here)} of the provider \`default\``,
    how,
    into: { to: 'provider', convert },
  }
}

function settings(
  type: ValueType,
  fallback: unknown,
  here: string,
  how: string,
  convert: (raw: unknown, other: (name: string) => unknown) => Converted<Partial<Settings>>,
): OriginalSetting {
  return { type, fallback, here: named(here), how, into: { to: 'settings', convert } }
}

function nothing(type: ValueType, fallback: unknown, how: string): OriginalSetting {
  return { type, fallback, here: '', how, into: { to: 'nothing' } }
}

function place(fallback: unknown): OriginalSetting {
  const how = 'where its own database is: it is read from there'
  return { type: 'text', fallback, here: '', how, into: { to: 'source' } }
}

function field(here: string, how: string, like: string | null = null): OriginalField {
  return { here, how, like }
}

function named(list: string): string {
  return list.replace(/\w+/g, '`$&`')
}
