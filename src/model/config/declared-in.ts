import type { Declared, DeclaredKey, DeclaredToken } from '../declared.ts'
import { presetOf } from '../presets.ts'
import { PROVIDER_SETTING_NAMES, SETTING_NAMES } from '../settings.ts'
import type { FileContent } from './schema.ts'

type GivenKey = NonNullable<NonNullable<FileContent['providers']>[string]['keys']>[number]
type GivenToken = NonNullable<FileContent['tokens']>[string]

/** What a valid file asks of the store. */
export function declaredIn(content: FileContent): Declared {
  return {
    settings: only(content, SETTING_NAMES),
    providers: Object.entries(content.providers ?? {}).map(([name, given]) => ({
      name,
      kind: given.kind ?? presetOf(name)?.kind ?? 'openai',
      baseUrl: given.base_url ?? (presetOf(name)?.baseUrl as string),
      path: given.path ?? null,
      enabled: given.enabled ?? true,
      overrides: only(given, PROVIDER_SETTING_NAMES),
      keys: (given.keys ?? []).map(declaredKey),
    })),
    routes: Object.entries(content.routes ?? {}).map(([model, targets]) => ({
      model,
      targets: targets.map(({ to, ...shares }) => ({ ...to, ...only(shares, SHARES) })),
    })),
    tokens: Object.entries(content.tokens ?? {}).map(declaredToken),
    ...only(content, ['vault']),
  }
}

const SHARES = ['weight', 'tier'] as const
const LIMITS = ['rpm', 'concurrency'] as const

function declaredKey(given: GivenKey): DeclaredKey {
  const { value, id = '', sealed = '' } = given
  return {
    value: value ?? { id, sealed },
    ...only(given, ['label', 'enabled', ...SHARES, ...LIMITS]),
  }
}

function declaredToken([name, given]: [string, GivenToken]): DeclaredToken {
  const { value, hash = '', weak = false, expires } = given
  return {
    name,
    value: value ?? { hash: hash.replace('sha256:', ''), weak },
    ...only(given, ['providers', 'models', ...LIMITS]),
    ...(expires === undefined ? {} : { expiresAt: expires }),
  }
}

/** Those of these members that are there. */
function only<T extends object, K extends keyof T>(from: T, names: readonly K[]) {
  const present = names.filter(name => from[name] !== undefined)
  return Object.fromEntries(present.map(name => [name, from[name]])) as {
    [N in K]?: Exclude<T[N], undefined>
  }
}
