import type { Catalog } from '../../../src/model/catalog.ts'
import { catalog, key, provider } from '../../support/catalog.ts'
import { RECORDINGS } from '../../support/recordings.ts'
import type { Question } from './near-side.ts'

/** All that clients ask: the four APIs' streams, a route over two providers, answers that are none. */
export const QUESTIONS: readonly Question[] = [
  ...RECORDINGS.map(({ path, body }) => ({ method: 'POST', path, body: Buffer.from(body) })),
  ...['routed', 'm'].map(model => ({
    method: 'POST',
    path: '/v1/chat/completions',
    body: Buffer.from(JSON.stringify({ model, stream: model === 'routed' })),
  })),
  { method: 'POST', path: '/v1/embeddings', body: Buffer.from('{"model":"m","input":"a"}') },
  { method: 'POST', path: '/v1/batches', body: Buffer.from('{}') },
  { method: 'GET', path: '/v1/files', body: null },
]

/** How many keys each provider has. */
export const KEYS = { one: 3, two: 1, claude: 2, google: 2 } as const

/**
 * @param first_byte_timeout ms
 * @param generations of all keys, in order
 */
export function catalogue(first_byte_timeout: number, generations: readonly number[]): Catalog {
  const overrides = { first_byte_timeout }
  const at = 'http://127.0.0.1:9'
  const keys = Object.entries(KEYS).flatMap(([name, count]) =>
    Array.from({ length: count }, (_, n) => `${name}-${n}`),
  )
  return catalog({
    providers: [
      provider('one', at, { overrides }),
      provider('two', at, { overrides }),
      provider('claude', at, { overrides, kind: 'anthropic' }),
      provider('google', at, { overrides, kind: 'gemini' }),
    ],
    keys: keys.map((id, n) =>
      key(id, { provider: id.slice(0, -2), generation: generations[n] ?? 1 }),
    ),
    routes: [
      {
        model: 'routed',
        targets: ['one', 'two'].map((name, n) => ({
          id: `r${n}`,
          provider: name,
          model: n === 0 ? null : 'm2',
          weight: 1,
          tier: n + 1,
          origin: 'command',
          createdAt: 0,
        })),
      },
    ],
    settings: { default_provider: 'one' },
  })
}
