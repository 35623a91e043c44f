import type * as contract from '../../../src/control/dashboard/data/contract.ts'
import type * as shapes from '../../../src/control/dashboard/data/contract.ts'
import { PAYLOADS } from './payloads.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
export type FakeKey = Mutable<contract.KeyStatus>

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

/** `plain`: what one sees every day; `hostile`: a payload in every field an outsider can set. */
export type Temper = 'plain' | 'hostile'

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

/** Gives each field its own payload, one after the other, or what it would be without. */
function taint(temper: Temper): (plain: string) => string {
  let next = 0
  return plain => (temper === 'plain' ? plain : (PAYLOADS[next++ % PAYLOADS.length] as string))
}

export function makeWorld(count: number, temper: Temper, now: number): World {
  const say = taint(temper)
  const ago = (ms: number) => new Date(now - ms).toISOString()
  const keys = Array.from({ length: count }, (_, at) => makeKey(at, say, now))
  const providers = PROVIDER_NAMES.map((name, at) => ({
    name,
    kind: name === 'anthropic' || name === 'gemini' ? name : ('openai' as const),
    base_url: temper === 'plain' ? `https://api.${name}.example/v1` : say(''),
    path: at === 0 ? 'oa' : null,
    enabled: at !== 4,
    default: at === 0,
    origin: at === 1 ? ('file' as const) : ('command' as const),
    keys: countsOf(keys.filter(key => key.provider === name)),
    breakers:
      at === 3 ? { [say('deepseek-chat')]: 'open' as const, '*': 'half-open' as const } : {},
  }))
  const exchanges = Array.from({ length: 400 }, (_, at) =>
    makeExchange(400 - at, keys, say, now - at * 7_000),
  )
  return {
    revision: 41,
    keys,
    providers,
    exchanges,
    failures: exchanges.flatMap(one => failuresOf(one, say)),
    tokens: [
      makeToken('t_app0000001', say('chat-app'), { rpm: 600 }),
      makeToken('t_batch00001', say('batch-jobs'), {
        providers: ['openai', 'deepseek'],
        models: [say('gpt-*'), 'deepseek-*'],
        concurrency: 8,
        expires: new Date(now + 30 * 86_400_000).toISOString(),
      }),
      makeToken('t_old0000001', say('old-laptop'), { state: 'expired', expires: ago(86_400_000) }),
      makeToken('t_dev0000001', say('dev'), { weak: true }),
    ],
    targets: [
      makeTarget('r_1', say('fast'), 'groq', 'llama-4', 1),
      makeTarget('r_2', say('fast'), 'openai', 'gpt-4o-mini', 2),
      makeTarget('r_3', say('claude-*'), 'anthropic', null, 1),
    ],
    settings: makeSettings(say),
    audit: Array.from({ length: 60 }, (_, at) => ({
      id: 60 - at,
      revision: 41 - Math.floor(at / 2),
      time: ago(at * 3_700_000),
      who: at % 3 === 0 ? 'admin session ab12cd' : 'root@gateway',
      command: say('config set max_retries'),
      action: 'setting.set.command',
      subject: say('max_retries'),
      before: at % 4 === 0 ? null : 3,
      after: say('5'),
    })),
  }
}

export function countsOf(keys: readonly FakeKey[]): Record<contract.KeyCondition, number> {
  const counts = { active: 0, cooling: 0, exhausted: 0, invalid: 0, sealed: 0, disabled: 0 }
  for (const { state } of keys) counts[state]++
  return counts
}

export function makeKey(at: number, say: (plain: string) => string, now: number): FakeKey {
  const state = at % 10 < 6 ? 'active' : (CONDITIONS[at % CONDITIONS.length] as FakeKey['state'])
  const timed = state === 'cooling' || state === 'exhausted'
  return {
    id: `k_${String(at).padStart(10, '0')}`,
    provider: PROVIDER_NAMES[at % PROVIDER_NAMES.length] as string,
    label: say(`team-${String.fromCharCode(97 + (at % 26))}-${at}`),
    masked: `sk-…${(0x1000 + at).toString(16).slice(-4)}`,
    state,
    reason: state === 'active' ? '' : say(REASONS[state]),
    until: timed ? new Date(now + 45_000 + (at % 90) * 61_000).toISOString() : null,
    failures: state === 'invalid' ? 3 : at % 17 === 0 ? 1 : 0,
    weight: 1 + (at % 3),
    tier: 1,
    rpm: at % 5 === 0 ? 60 : null,
    concurrency: null,
    reference: null,
    origin: 'command',
    created: new Date(now - at * 3_600_000).toISOString(),
  }
}

export function makeExchange(
  id: number,
  keys: readonly FakeKey[],
  say: (plain: string) => string,
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
    model: say(MODELS[id % MODELS.length] as string),
    model_served: fine ? say(MODELS[id % MODELS.length] as string) : null,
    method: 'POST',
    path: say('/v1/chat/completions'),
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
    error_code: fine ? null : say('no_key_available'),
    node: 'gateway:4711',
  }
}

export function failuresOf(
  exchange: shapes.ExchangeShape,
  say: (plain: string) => string,
): shapes.FailureShape[] {
  const failed = exchange.outcome === 'ok' ? exchange.attempts - 1 : exchange.attempts
  return Array.from({ length: failed }, (_, at) => ({
    id: (exchange.id ?? 0) * 10 + at,
    time: exchange.time,
    request_id: exchange.request_id,
    attempt: at + 1,
    provider: exchange.provider ?? 'openai',
    key: exchange.key ?? '',
    model: exchange.model,
    status: at === 0 ? 429 : 503,
    fault: at === 0 ? 'rate' : 'provider',
    code: say('rate_limit_exceeded'),
    ms: 90 + at * 40,
    excerpt: say('{"error":{"message":"Rate limit reached for requests per minute: limit 60."}}'),
  }))
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

function makeSettings(say: (plain: string) => string): shapes.SettingShape[] {
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
    setting('max_retries', say('5'), 'command', 'attempts that may end in a transient fault'),
    setting('check_interval', '1h', 'default', 'how often invalid keys are tried again; 0: never'),
    setting('log_max_age', '30d', 'default', 'how long requests stay in the log'),
    setting('headers', say('{}'), 'file', 'headers sent to the upstream, as JSON'),
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
