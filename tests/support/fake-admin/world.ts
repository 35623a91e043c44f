import type * as contract from '../../../src/control/dashboard/data/contract.ts'
import type * as shapes from '../../../src/control/dashboard/data/contract.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
export type FakeKey = Mutable<contract.KeyRow>

/** Everything that the fake daemon knows. */
export interface World {
  revision: number
  readonly keys: FakeKey[]
  readonly providers: Mutable<contract.ProviderStatus>[]
  readonly tokens: Mutable<shapes.TokenShape>[]
  readonly targets: Mutable<shapes.TargetShape>[]
  readonly settings: Mutable<shapes.SettingShape>[]
  readonly audit: contract.AuditShape[]
  readonly exchanges: shapes.ExchangeShape[]
  readonly failures: shapes.FailureShape[]
}

export const CONDITIONS = [
  'active',
  'cooling',
  'exhausted',
  'invalid',
  'sealed',
  'disabled',
] as const

const REASONS: Readonly<Record<contract.KeyCondition, string>> = {
  active: '',
  cooling: 'rate limited: 429 tokens per minute',
  exhausted: 'out of quota: insufficient_quota',
  invalid: 'refused three times: 401 invalid_api_key',
  sealed: 'the master key does not open it',
  disabled: 'disabled by its owner',
}

export const PROVIDER_NAMES = ['openai', 'anthropic', 'gemini', 'deepseek', 'groq'] as const
const MODELS = ['gpt-4o-mini', 'claude-sonnet-4-5', 'gemini-2.5-flash', 'deepseek-chat', 'llama-4']

export function makeWorld(count: number, now: number): World {
  const ago = (ms: number) => new Date(now - ms).toISOString()
  const keys = Array.from({ length: count }, (_, at) => makeKey(at, now))
  const providers = PROVIDER_NAMES.map((name, at) => ({
    name,
    kind: name === 'anthropic' || name === 'gemini' ? name : ('openai' as const),
    base_url: `https://api.${name}.example/v1`,
    path: at === 0 ? 'oa' : null,
    enabled: at !== 4,
    default: at === 0,
    origin: at === 1 ? ('file' as const) : ('command' as const),
    keys: countsOf(keys.filter(key => key.provider === name)),
    breakers: at === 3 ? { 'deepseek-chat': 'open' as const, '*': 'half-open' as const } : {},
  }))
  const exchanges = Array.from({ length: 400 }, (_, at) =>
    makeExchange(400 - at, keys, now - at * 7_000),
  )
  return {
    revision: 41,
    keys,
    providers,
    exchanges,
    failures: exchanges.flatMap(failuresOf),
    tokens: [
      makeToken('t_app0000001', 'chat-app', { rpm: 600 }),
      makeToken('t_batch00001', 'batch-jobs', {
        providers: ['openai', 'deepseek'],
        models: ['gpt-*', 'deepseek-*'],
        concurrency: 8,
        expires: new Date(now + 30 * 86_400_000).toISOString(),
      }),
      makeToken('t_old0000001', 'old-laptop', { state: 'expired', expires: ago(86_400_000) }),
      makeToken('t_dev0000001', 'dev', { weak: true }),
    ],
    targets: [
      makeTarget('r_1', 'fast', 'groq', 'llama-4', 1),
      makeTarget('r_2', 'fast', 'openai', 'gpt-4o-mini', 2),
      makeTarget('r_3', 'claude-*', 'anthropic', null, 1),
    ],
    settings: makeSettings(),
    audit: Array.from({ length: 60 }, (_, at) => ({
      id: 60 - at,
      revision: 41 - Math.floor(at / 2),
      time: ago(at * 3_700_000),
      who: at % 3 === 0 ? 'admin session ab12cd' : 'root@gateway',
      command: 'config set max_retries',
      action: 'setting.set.command',
      subject: 'max_retries',
      before: at % 4 === 0 ? null : 3,
      after: '5',
    })),
  }
}

export function countsOf(keys: readonly FakeKey[]): Record<contract.KeyCondition, number> {
  const counts = { active: 0, cooling: 0, exhausted: 0, invalid: 0, sealed: 0, disabled: 0 }
  for (const { state } of keys) counts[state]++
  return counts
}

export function makeKey(at: number, now: number): FakeKey {
  const state = at % 10 < 6 ? 'active' : (CONDITIONS[at % CONDITIONS.length] as FakeKey['state'])
  const timed = state === 'cooling' || state === 'exhausted'
  return {
    id: `k_${String(at).padStart(10, '0')}`,
    provider: PROVIDER_NAMES[at % PROVIDER_NAMES.length] as string,
    label: `team-${String.fromCharCode(97 + (at % 26))}-${at}`,
    masked: `sk-…${(0x1000 + at).toString(16).slice(-4)}`,
    state,
    reason: state === 'active' ? '' : REASONS[state],
    until: timed ? new Date(now + 45_000 + (at % 90) * 61_000).toISOString() : null,
    failures: state === 'invalid' ? 3 : at % 17 === 0 ? 1 : 0,
    weight: 1 + (at % 3),
    tier: 1,
    rpm: at % 5 === 0 ? 60 : null,
    concurrency: null,
    proxy: null,
    via: 'none',
    reference: null,
    origin: 'command',
    created: new Date(now - at * 3_600_000).toISOString(),
  }
}

export function makeExchange(
  id: number,
  keys: readonly FakeKey[],
  time: number,
): shapes.ExchangeShape {
  const key = keys[(id * 7) % keys.length] as FakeKey
  const status = id % 13 === 0 ? 429 : id % 29 === 0 ? 502 : 200
  const fine = status === 200
  return {
    id,
    time: new Date(time).toISOString(),
    request_id: `req_${String(id).padStart(8, '0')}`,
    token: 'chat-app',
    provider: key.provider,
    key: key.id,
    key_label: key.label,
    model: MODELS[id % MODELS.length] as string,
    model_served: fine ? (MODELS[id % MODELS.length] as string) : null,
    method: 'POST',
    path: '/v1/chat/completions',
    status,
    outcome: fine ? 'ok' : status === 429 ? 'rate' : 'provider',
    attempts: id % 11 === 0 ? 3 : fine ? 1 : 2,
    ms: 640 + ((id * 137) % 2_400),
    ttft_ms: fine ? 180 + ((id * 31) % 500) : null,
    first_byte_ms: fine ? 160 + ((id * 29) % 400) : null,
    prompt_tokens: fine ? 200 + ((id * 17) % 1_800) : null,
    cached_tokens: fine ? 128 : null,
    completion_tokens: fine ? 40 + ((id * 13) % 700) : null,
    reasoning_tokens: null,
    bytes_in: 1_200 + id,
    bytes_out: 8_400 + id * 3,
    stream: id % 2 === 0,
    error_code: fine ? null : 'upstream_error',
    node: 'gateway:4711',
  }
}

export function failuresOf(exchange: shapes.ExchangeShape): shapes.FailureShape[] {
  const failed = exchange.outcome === 'ok' ? exchange.attempts - 1 : exchange.attempts
  return Array.from({ length: failed }, (_, at) => ({
    id: (exchange.id ?? 0) * 10 + at,
    time: exchange.time,
    request_id: exchange.request_id,
    attempt: at + 1,
    provider: exchange.provider ?? 'openai',
    key: keyBeside(exchange.key ?? '', at + 1),
    model: exchange.model,
    ...(at === 0 ? LIMITED : OVERLOADED),
    ms: 90 + at * 40,
  }))
}

const LIMITED = {
  status: 429,
  fault: 'rate',
  code: 'rate_limit_exceeded',
  excerpt: '{"error":{"message":"Rate limit reached for requests per minute: limit 60."}}',
}
const OVERLOADED = {
  status: 503,
  fault: 'provider',
  code: 'overloaded',
  excerpt: '{"error":{"message":"The server is overloaded. Try again later."}}',
}

/** Another one of the same provider. */
function keyBeside(id: string, by: number): string {
  return `k_${String(Number(id.slice(2)) + by * PROVIDER_NAMES.length).padStart(10, '0')}`
}

export function makeToken(
  id: string,
  name: string,
  rest: Partial<shapes.TokenShape>,
): Mutable<shapes.TokenShape> {
  return {
    id,
    name,
    masked: 'bal-…9f3c',
    state: 'active',
    providers: null,
    models: null,
    rpm: null,
    concurrency: null,
    expires: null,
    weak: false,
    origin: 'command',
    created: '2026-11-01T08:00:00.000Z',
    ...rest,
  }
}

export function makeTarget(
  id: string,
  model: string,
  provider: string,
  there: string | null,
  tier: number,
): shapes.TargetShape {
  const created = '2026-11-01T08:00:00.000Z'
  const origin = 'command' as const
  return { model, provider, target_model: there, weight: 1, tier, id, origin, created }
}

function makeSettings(): shapes.SettingShape[] {
  const setting = (name: string, value: string, origin: string, doc: string) => ({
    name,
    kind: 'setting' as const,
    value,
    origin,
    file_value: origin === 'command' ? '3' : null,
    doc,
  })
  return [
    setting('default_provider', 'openai', 'file', 'provider of the default paths'),
    setting('max_retries', '5', 'command', 'attempts that may end in a transient fault'),
    setting('check_interval', '1h', 'default', 'how often invalid keys are tried again; 0: never'),
    setting('log_max_age', '30d', 'default', 'how long requests stay in the log'),
    setting('headers', '{}', 'file', 'headers sent to the upstream, as JSON'),
    {
      name: 'listen',
      kind: 'start',
      value: '127.0.0.1:8077',
      origin: 'balance.config.yaml:3',
      file_value: null,
      doc: 'address to listen on',
    },
  ]
}
