import type * as contract from '../../../src/control/dashboard/data/contract.ts'
import type {
  ExchangeShape,
  FailureShape,
  TryShape,
} from '../../../src/control/dashboard/data/contract.ts'
import { CONDITIONS, countsOf, type FakeKey, PROVIDER_NAMES, type World } from './world.ts'

type Query = URLSearchParams
/** The page asks for no stats and no proxies. */
type Asked = Exclude<keyof contract.Reads, 'stats' | 'proxies.list'>
type Answers = { readonly [K in Asked]: (query: Query) => contract.Reads[K]['out'] }

/** What the fake daemon answers to each read. */
export function readsOf(world: World, now: () => number): Answers {
  const status = () => statusOf(world, now())
  return {
    status,
    overview: query => overviewOf(world, query.get('range') as contract.Range, now()),
    'providers.list': () => world.providers,
    'providers.show': query => {
      const provider = found(world.providers.find(({ name }) => name === query.get('name')))
      const settings = [
        { name: 'policy', value: 'round-robin', from: 'config' },
        { name: 'models', value: 'gpt-*', from: 'provider' },
        { name: 'timeout', value: '300s', from: 'config' },
      ] as const
      return { ...provider, created: '2026-11-01T08:00:00.000Z', settings: [...settings] }
    },
    'providers.models': () => world.exchanges.slice(0, 30).map(({ model }) => model ?? ''),
    'presets.list': () =>
      PROVIDER_NAMES.map(name => ({
        name,
        kind: 'openai',
        base_url: `https://api.${name}.example/v1`,
        needs_key: true,
      })),
    'keys.list': query => keysOf(world, query),
    'keys.show': query => {
      const key = found(world.keys.find(({ id }) => id === query.get('key')))
      const rate_limited_for = key.state === 'cooling' ? ['gpt-4o-mini'] : []
      return {
        ...key,
        rate_limited_for,
        objects: 0,
        usage: { h24: usage(812, 31), d7: usage(5_204, 88) },
      }
    },
    'tokens.list': () => world.tokens,
    'routes.list': () => world.targets,
    explain: query => explanationOf(world, query),
    'settings.list': () => world.settings,
    'audit.list': query => pageOf(world.audit, query),
    'requests.list': query => {
      const wanted = query.get('requestId')
      return pageOf(
        world.exchanges.filter(({ request_id }) => !wanted || request_id === wanted),
        query,
      )
    },
    'requests.show': query => {
      const id = query.get('id')
      const exchange = found(
        world.exchanges.find(one => String(one.id) === id || one.request_id === id),
      )
      const failures = world.failures.filter(one => one.request_id === exchange.request_id)
      return { exchange, failures, tries: triesOf(exchange, failures) }
    },
    'errors.list': query => pageOf(world.failures, query),
    'sessions.list': () => [
      {
        id: 's_ab12cd',
        created: new Date(now() - 3_600_000).toISOString(),
        seen: new Date(now()).toISOString(),
        expires: new Date(now() + 1_800_000).toISOString(),
        peer: '127.0.0.1',
        current: true,
      },
      {
        id: 's_ef34ab',
        created: new Date(now() - 7_200_000).toISOString(),
        seen: new Date(now() - 600_000).toISOString(),
        expires: new Date(now() + 1_200_000).toISOString(),
        peer: '10.0.0.7',
        current: false,
      },
    ],
  }
}

function usage(requests: number, errors: number): contract.UsageSums {
  const tokens = { prompt_tokens: requests * 494, completion_tokens: requests * 112 }
  const others = { cached_tokens: 0, reasoning_tokens: 0, ms: requests === 0 ? null : 900 }
  return { requests, errors, attempts: requests + errors, ...tokens, ...others }
}

function triesOf(
  { attempts, provider, key, status }: ExchangeShape,
  failures: readonly FailureShape[],
): TryShape[] {
  return Array.from({ length: attempts }, (_, index) => {
    const attempt = index + 1
    const failure = failures.find(one => one.attempt === attempt)
    if (!failure) return { attempt, provider, key, status, outcome: 'ok', code: null, ms: null }
    const { fault: outcome, code, ms } = failure
    return { attempt, provider, key: failure.key, status: failure.status, outcome, code, ms }
  })
}

/** @throws a 404, for the server to answer */
export function found<T>(value: T | undefined): T {
  if (value !== undefined) return value
  throw Object.assign(new Error('There is no such thing.'), { code: 'no_such', status: 404 })
}

function keysOf(world: World, query: Query): contract.KeyPage {
  const [provider, state, q] = [query.get('provider'), query.get('state'), query.get('q') ?? '']
  const sort = (query.get('sort') ?? 'label') as contract.KeySort
  const sign = query.get('order') === 'desc' ? -1 : 1
  const rows = world.keys
    .filter(
      key =>
        (!provider || key.provider === provider) &&
        (!state || key.state === state) &&
        [key.label, key.id, key.masked.slice(-4)].some(text => text.startsWith(q)),
    )
    .sort((a, b) => sign * compare(a, b, sort))
  const offset = Number(query.get('offset'))
  const page = rows.slice(offset, offset + Number(query.get('limit')))
  return { total: rows.length, by_state: countsOf(world.keys), rows: page }
}

const NATURAL = new Intl.Collator('en', { numeric: true })

function compare(a: FakeKey, b: FakeKey, sort: contract.KeySort): number {
  const [one, other] = [a[sort], b[sort]]
  if (typeof one === 'number') return one - Number(other)
  return NATURAL.compare(one, String(other))
}

function pageOf<T extends { readonly id: number | null }>(rows: readonly T[], query: Query): T[] {
  const before = Number(query.get('before') ?? Number.POSITIVE_INFINITY)
  return rows.filter(({ id }) => (id ?? 0) < before).slice(0, Number(query.get('limit')))
}

function statusOf(world: World, now: number): contract.DaemonStatus {
  const seen = new Date(now).toISOString()
  return {
    running: true,
    version: '0.1.0',
    store: 'sqlite:/var/lib/balance/balance.db',
    revision: world.revision,
    pending: null,
    providers: world.providers,
    proxies: [],
    no_proxy: [],
    pid: 4711,
    url: 'http://127.0.0.1:8077',
    certificate: null,
    started: new Date(now - 86_400_000).toISOString(),
    config_file: '/etc/balance/balance.config.yaml',
    draining: false,
    workers: [4712, 4713].map(pid => ({
      pid,
      revision: world.revision,
      in_flight: 3,
      requests: 182_331,
      errors: 912,
    })),
    nodes: [
      {
        id: 'gateway:4711',
        url: 'http://127.0.0.1:8077',
        version: '0.1.0',
        workers: 2,
        revision: world.revision,
        started: new Date(now - 86_400_000).toISOString(),
        seen,
        self: true,
      },
    ],
    last_minute: null,
    last_hour: null,
    records: null,
    store_health: { ok: true, error: null },
  }
}

const STEPS: Readonly<Record<contract.Range, number>> = {
  '1h': 60_000,
  '24h': 900_000,
  '7d': 7_200_000,
}
const COUNTS: Readonly<Record<contract.Range, number>> = { '1h': 60, '24h': 96, '7d': 84 }

function overviewOf(world: World, range: contract.Range, now: number): contract.Overview {
  const step_ms = STEPS[range]
  const end = Math.floor(now / step_ms) * step_ms
  const series = Array.from({ length: COUNTS[range] }, (_, at) => {
    const wave = Math.round((1 + Math.sin(at / 9) * 0.4 + Math.sin(at * 2.1) * 0.08) * 400)
    return {
      time: new Date(end - (COUNTS[range] - at) * step_ms).toISOString(),
      requests: wave,
      errors: at % 19 === 0 ? 40 : Math.round(wave / 90),
      prompt_tokens: wave * 812,
      completion_tokens: wave * 204,
      ttft_ms: at % 23 === 0 ? null : 320 + (wave % 90),
      ms: 1_900,
    }
  })
  const sum = (name: 'requests' | 'errors' | 'prompt_tokens' | 'completion_tokens') =>
    series.reduce((total, step) => total + step[name], 0)
  const { workers, nodes, providers } = statusOf(world, now)
  return {
    range,
    step_ms,
    series,
    totals: {
      requests: sum('requests'),
      errors: sum('errors'),
      prompt_tokens: sum('prompt_tokens'),
      completion_tokens: sum('completion_tokens'),
    },
    keys: countsOf(world.keys),
    worst_keys: CONDITIONS.map((state, at) => {
      const key = found(world.keys.find(one => one.state === state) ?? world.keys[0])
      const { id, label, provider, masked } = key
      return {
        key: id,
        label,
        provider,
        masked,
        state: key.state,
        rate_limited: 900 - at * 120,
        refused: at * 3,
        quota: at,
        other: 2,
      }
    }),
    worst_since: series[0]?.time ?? '',
    providers,
    workers,
    nodes,
  }
}

function explanationOf(world: World, query: Query): contract.Explanation {
  const reason = world.exchanges[0]?.model ?? ''
  return {
    path: query.get('path') ?? '/v1/chat/completions',
    model: query.get('model'),
    token: query.get('token'),
    route: world.targets[0]?.model ?? null,
    candidates: [
      candidate('groq', 1, 'chosen', 'it is the first of its tier'),
      candidate('openai', 2, 'able', 'its tier comes later'),
      candidate('deepseek', 2, 'removed', `the breaker is open for ${reason}`),
    ],
    choice: { provider: 'groq', model: 'llama-4', key: world.keys[0]?.id ?? '' },
    refusal: null,
  }
}

function candidate(
  provider: string,
  tier: number,
  state: 'chosen' | 'able' | 'removed',
  reason: string,
): contract.Explanation['candidates'][number] {
  return { provider, model: 'llama-4', tier, weight: 1, keys: 2_000, usable: 1_204, state, reason }
}
