import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Key, KeyMemory, Provider, Route, Token } from '../../src/model/catalog.ts'
import type { Policy } from '../../src/model/settings.ts'
import { key, keyMemory, provider, token } from '../support/catalog.ts'
import { count } from '../support/count.ts'
import { ask, startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'

/** What came upstream last. */
interface Seen {
  provider: string
  model: string | null
  credential: string
}

let upstream: Server
let gateway: TestGateway
let seen: Seen[] = []

beforeAll(async () => {
  upstream = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', () => {
      const { headers, url = '' } = request
      seen.push({
        provider: url.split('/')[1] ?? '',
        model: JSON.parse(Buffer.concat(chunks).toString()).model ?? null,
        credential: String(headers.authorization ?? headers['x-api-key']).replace('Bearer ', ''),
      })
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"x"}')
    })
  })
  await new Promise<void>(resolve => upstream.listen(0, '127.0.0.1', resolve))
  gateway = await startGateway({})
})

afterAll(async () => {
  await gateway.close()
  upstream.close()
})

const NAMES = ['one', 'two', 'three']
const MODELS = ['alpha', 'alpha-mini', 'beta', 'gamma']
const GLOBS = ['alpha*', '*', '!beta', '!*-mini', 'gamma', 'alpha']

const memory = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Partial<KeyMemory> | null>(null) },
  fc.constant({ failures: 3, invalid: { reason: 'refused', since: 0 } }),
  fc.record({
    exhausted: fc.constantFrom(0, 3_600_000).map(remaining => ({
      kind: 'exhausted' as const,
      remaining,
      reason: 'quota',
    })),
  }),
  fc.constantFrom(...MODELS).map(model => ({
    cooling: { [model]: { kind: 'cooling' as const, remaining: 3_600_000, reason: 'rate' } },
  })),
)

const aKey = fc.record({
  enabled: fc.constantFrom(true, true, true, false),
  weight: fc.integer({ min: 1, max: 4 }),
  tier: fc.constantFrom(1, 1, 2),
  rpm: fc.constantFrom(null, null, 1),
  memory,
})

const aProvider = fc.record({
  kind: fc.constantFrom<Provider['kind']>('openai', 'openai', 'openai', 'anthropic'),
  enabled: fc.constantFrom(true, true, true, false),
  policy: fc.constantFrom<Policy>('round-robin', 'weighted', 'least-busy'),
  models: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.subarray(GLOBS, { maxLength: 2 })),
  keys: fc.array(aKey, { maxLength: 6 }),
})

const aTarget = fc.record({
  provider: fc.constantFrom(...NAMES),
  model: fc.constantFrom(null, ...MODELS),
  weight: fc.integer({ min: 1, max: 3 }),
  tier: fc.constantFrom(1, 1, 2),
})

const aRoute = fc.record({
  model: fc.constantFrom('alpha', 'alpha*', '*', 'fast', '*-mini'),
  targets: fc.array(aTarget, { minLength: 1, maxLength: 4 }),
})

const aConfig = fc.record({
  providers: fc.tuple(aProvider, aProvider, aProvider),
  routes: fc.uniqueArray(aRoute, { maxLength: 3, selector: route => route.model }),
  token: fc.record({
    providers: fc.oneof({ weight: 8, arbitrary: fc.constant(null) }, fc.subarray(NAMES)),
    models: fc.oneof({ weight: 8, arbitrary: fc.constant(null) }, fc.constant(['alpha*', 'fast'])),
    rpm: fc.constantFrom(null, null, null, 2),
    expiresAt: fc.constantFrom(...Array(19).fill(null), 1),
  }),
  asked: fc.array(
    fc.record({
      model: fc.constantFrom<string | null>(...MODELS, 'fast', null),
      path: fc.constantFrom(
        '/v1/chat/completions',
        '/v1/chat/completions',
        '/v1/messages',
        '/two/v1/chat/completions',
        '/v1/chat/completions?provider=three',
      ),
    }),
    { minLength: 2, maxLength: 5 },
  ),
})

type Config = typeof aConfig extends fc.Arbitrary<infer T> ? T : never

/** Every run has things of its own: what one learned says nothing to the next. */
let run = 0

function put(config: Config): void {
  run++
  const { port } = upstream.address() as AddressInfo
  const keys: Key[] = []
  const memories: KeyMemory[] = []
  const providers = config.providers.map((given, index) => {
    const name = NAMES[index] as string
    given.keys.forEach(({ memory: learned, ...attributes }, place) => {
      const id = `k_${run}_${name}_${place}`
      keys.push(key(id, { ...attributes, provider: name }))
      if (learned !== null) memories.push(keyMemory({ ...learned, keyId: id, savedAt: Date.now() }))
    })
    return provider(name, `http://127.0.0.1:${port}/${name}/v1`, {
      id: `p_${run}_${name}`,
      kind: given.kind,
      enabled: given.enabled,
      overrides: { policy: given.policy, models: given.models },
    })
  })
  const routes: Route[] = config.routes.map(({ model, targets }) => ({
    model,
    targets: targets.map((target, place) => ({
      ...target,
      id: `r_${run}_${model}_${place}`,
      origin: 'command',
      createdAt: 0,
    })),
  }))
  const caller: Token = token('caller', TOKEN, { ...config.token, id: `t_${run}` })
  const settings = { default_provider: 'one' }
  gateway.apply({ revision: run, providers, keys, memories, routes, tokens: [caller], settings })
}

describe('explain', () => {
  const configs = count(1_000, 20_000)

  it(`says what the next request does, in ${configs} configurations`, async ({ annotate }) => {
    const ends = { served: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(aConfig, async config => {
        put(config)
        for (const { model, path } of config.asked) {
          const told = await gateway.gateway.explain({ model, path, token: 'caller' })
          seen = []
          const body = JSON.stringify(model === null ? {} : { model })
          const answer = await ask(gateway.port, { path, body })
          await gateway.gateway.flush()
          const record = gateway.records.pop()
          if (told.choice === null) {
            ends.refused++
            expect([record?.errorCode, answer.status]).toEqual([
              told.refusal?.code,
              told.refusal?.status,
            ])
            expect(seen).toEqual([])
          } else {
            ends.served++
            expect(answer.status).toBe(200)
            expect(record).toMatchObject({
              provider: told.choice.provider,
              keyId: told.choice.key,
              modelServed: told.choice.model,
              attempts: 1,
            })
            expect(seen).toEqual([
              {
                provider: told.choice.provider,
                model: told.choice.model,
                credential: `sk-${told.choice.key}-0123456789abcdef`,
              },
            ])
            const chosen = told.candidates.filter(({ state }) => state === 'chosen')
            expect(chosen.map(each => each.provider)).toEqual([told.choice.provider])
          }
        }
      }),
      { numRuns: configs },
    )
    await annotate(`explained and met: ${ends.served} served, ${ends.refused} refused`)
    expect(Math.min(ends.served, ends.refused)).toBeGreaterThan(configs / 4)
  })
})
