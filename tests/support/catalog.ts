import { createHash } from 'node:crypto'
import { Secret } from '../../src/base/secret.ts'
import type {
  BreakerWord,
  Catalog,
  Key,
  KeyMemory,
  Provider,
  ProviderMemory,
  Route,
  Target,
  Token,
} from '../../src/model/catalog.ts'
import { DEFAULT_SETTINGS, type Settings } from '../../src/model/settings.ts'

/** A key as the store would give it; only what a test is about needs to be said. */
export function key(id: string, change: Partial<Key> & { value?: string } = {}): Key {
  const { value = `sk-${id}-0123456789abcdef`, ...rest } = change
  return {
    id,
    provider: 'mock',
    label: id,
    weight: 1,
    tier: 1,
    enabled: true,
    generation: 1,
    masked: new Secret(value).masked,
    reference: null,
    secret: new Secret(value),
    fault: null,
    rpm: null,
    concurrency: null,
    proxy: null,
    origin: 'command',
    createdAt: 0,
    ...rest,
  }
}

export function provider(name: string, baseUrl: string, change: Partial<Provider> = {}): Provider {
  return {
    id: `p_${name}`,
    name,
    path: null,
    kind: 'openai',
    baseUrl,
    enabled: true,
    generation: 1,
    overrides: {},
    origin: 'command',
    createdAt: 0,
    ...change,
  }
}

export function token(name: string, value: string, change: Partial<Token> = {}): Token {
  return {
    id: `t_${name}`,
    name,
    hash: createHash('sha256').update(value).digest('hex'),
    masked: '…',
    weak: false,
    providers: null,
    models: null,
    rpm: null,
    concurrency: null,
    expiresAt: null,
    origin: 'command',
    createdAt: 0,
    ...change,
  }
}

/** A route to these targets; to provider `mock`, unless said. */
export function route(model: string, ...targets: readonly Partial<Target>[]): Route {
  const given = targets.length === 0 ? [{}] : targets
  return {
    model,
    targets: given.map((change, place) => ({
      id: `r_${model}_${place}`,
      provider: 'mock',
      model: null,
      weight: 1,
      tier: 1,
      origin: 'command',
      createdAt: 0,
      ...change,
    })),
  }
}

/** What was learned about key `a` under its first generation: nothing against it, unless said. */
export function keyMemory(change: Partial<KeyMemory> = {}): KeyMemory {
  return {
    keyId: 'a',
    generation: 1,
    failures: 0,
    invalid: null,
    exhausted: null,
    cooling: {},
    savedAt: 1_000,
    ...change,
  }
}

/** A breaker opened, for so long; for 0 ms: it closed. Times in ms. */
export function word(at: number, remaining: number): BreakerWord {
  return { at, opening: remaining === 0 ? null : { remaining, openings: 1 } }
}

/** What was learned about provider `mock`, or another, under its first generation. */
export function outage(
  breakers: ProviderMemory['breakers'],
  change: Partial<ProviderMemory> = {},
): ProviderMemory {
  return { providerId: 'p_mock', generation: 1, breakers, ...change }
}

export function catalog(
  parts: Partial<Omit<Catalog, 'settings'>> & { settings?: Partial<Settings> } = {},
): Catalog {
  return {
    revision: 1,
    providers: [],
    keys: [],
    tokens: [],
    routes: [],
    proxies: [],
    direct: [],
    memories: [],
    outages: [],
    ...parts,
    settings: { ...DEFAULT_SETTINGS, ...parts.settings },
  }
}
