import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BalanceError } from '../../src/base/errors.ts'
import { endpointOf } from '../../src/wire/endpoint.ts'
import {
  joinUpstream,
  normalizePath,
  type ProviderIndex,
  parseTarget,
} from '../../src/wire/path.ts'
import { count } from '../support/count.ts'

function index(
  names: readonly string[],
  paths: Readonly<Record<string, string>> = {},
): ProviderIndex {
  return {
    byName: new Map(names.map(name => [name, { name }])),
    byPath: new Map(Object.entries(paths).map(([path, name]) => [path, { name }])),
  }
}

const KNOWN = index(['deepseek', 'gemini', 'azure', 'lmstudio', 'my.vllm-2'], { ds: 'deepseek' })
/** A provider has taken the original's prefix for its own path. */
const WITH_OPENAI = index(['deepseek', 'acme'], { openai: 'acme' })

/** `provider path`, or `- path` for the default; what the target is taken for. */
function taken(target: string, known = KNOWN, normalize = true): string {
  const { kind, provider, path, query } = parseTarget(target, known, { normalize })
  const who = kind === 'reserved' ? 'own' : (provider ?? '-')
  return `${who} ${path}${query}`
}

function refused(target: string, known = KNOWN, normalize = true): BalanceError {
  try {
    parseTarget(target, known, { normalize })
  } catch (error) {
    if (error instanceof BalanceError) return error
    throw error
  }
  throw new Error(`${target} was accepted`)
}

/** Paths that are right: the normaliser leaves them alone. */
const RIGHT: readonly (readonly [string, string])[] = [
  ['/v1/chat/completions', '- /v1/chat/completions'],
  ['/v1/completions', '- /v1/completions'],
  ['/v1/embeddings', '- /v1/embeddings'],
  ['/v1/responses', '- /v1/responses'],
  ['/v1/responses/resp_1/input_items', '- /v1/responses/resp_1/input_items'],
  ['/v1/messages', '- /v1/messages'],
  ['/v1/messages/count_tokens', '- /v1/messages/count_tokens'],
  ['/v1/models', '- /v1/models'],
  ['/v1/models/gpt-4o', '- /v1/models/gpt-4o'],
  ['/v1/models/meta-llama/Llama-3-8B', '- /v1/models/meta-llama/Llama-3-8B'],
  ['/v1/models/models', '- /v1/models/models'],
  ['/v1/files/files', '- /v1/files/files'],
  ['/v1/images/generations', '- /v1/images/generations'],
  ['/v1/images/edits', '- /v1/images/edits'],
  ['/v1/audio/transcriptions', '- /v1/audio/transcriptions'],
  ['/v1/audio/speech', '- /v1/audio/speech'],
  ['/v1/moderations', '- /v1/moderations'],
  ['/v1/files', '- /v1/files'],
  ['/v1/batches/b_1/cancel', '- /v1/batches/b_1/cancel'],
  ['/v1/fine_tuning/jobs', '- /v1/fine_tuning/jobs'],
  ['/v1/threads/t_1/messages', '- /v1/threads/t_1/messages'],
  ['/v1/imagery-chat', '- /v1/imagery-chat'],
  ['/v1/chat', '- /v1/chat'],
  ['/v1', '- /v1'],
  ['/v1beta/models', '- /v1beta/models'],
  [
    '/v1beta/models/g:streamGenerateContent?alt=sse',
    '- /v1beta/models/g:streamGenerateContent?alt=sse',
  ],
  ['/v1beta/cachedContents/c_1', '- /v1beta/cachedContents/c_1'],
  ['/v1/models/g:generateContent', '- /v1/models/g:generateContent'],
  ['/hf/v1/chat/completions', '- /v1/chat/completions'],
  ['/hf/v1/models', '- /v1/models'],
  ['/openai/v1/chat/completions', '- /v1/chat/completions'],
  ['/openai/v1beta/models', '- /v1beta/models'],
  ['/deepseek/v1/chat/completions', 'deepseek /v1/chat/completions'],
  ['/deepseek/v1/models', 'deepseek /v1/models'],
  ['/ds/v1/models', 'deepseek /v1/models'],
  ['/my.vllm-2/v1/models', 'my.vllm-2 /v1/models'],
  ['/hf/deepseek/v1/chat/completions', 'deepseek /v1/chat/completions'],
  ['/hf/ds/v1/models', 'deepseek /v1/models'],
  ['/openai/deepseek/v1/chat/completions', 'deepseek /v1/chat/completions'],
  ['/openai/gemini/v1beta/models/g:generateContent', 'gemini /v1beta/models/g:generateContent'],
  ['/gemini/v1beta/models/g:generateContent', 'gemini /v1beta/models/g:generateContent'],
  ['/gemini/v1beta/openai/chat/completions', 'gemini /v1beta/openai/chat/completions'],
  ['/deepseek/beta/completions', 'deepseek /beta/completions'],
  ['/deepseek/user/balance', 'deepseek /user/balance'],
  ['/deepseek/V2/Rerank/', 'deepseek /V2/Rerank/'],
  ['/deepseek', 'deepseek /'],
  ['/deepseek/', 'deepseek /'],
  ['/lmstudio/api/v1/models', 'lmstudio /api/v1/models'],
  ['/lmstudio/api/chat', 'lmstudio /api/chat'],
  [
    '/azure/openai/deployments/d/chat/completions?api-version=2024-10-21',
    'azure /openai/deployments/d/chat/completions?api-version=2024-10-21',
  ],
  ['/livez', 'own /livez'],
  ['/readyz?verbose', 'own /readyz?verbose'],
  ['/health', 'own /health'],
  ['/metrics', 'own /metrics'],
  ['/admin', 'own /admin'],
  ['/admin/keys/k_1', 'own /admin/keys/k_1'],
]

/** Paths as they are commonly got wrong. The seed of each comes from gateways' issue lists. */
const MENDED: readonly (readonly [string, string])[] = [
  ['//v1/chat/completions', '- /v1/chat/completions'],
  ['/v1//chat//completions', '- /v1/chat/completions'],
  ['/v1/chat/completions/', '- /v1/chat/completions'],
  ['/v1/chat/completions//', '- /v1/chat/completions'],
  ['/V1/Chat/Completions', '- /v1/chat/completions'],
  ['/v1/CHAT/completions?a=B', '- /v1/chat/completions?a=B'],
  ['/v1/v1/chat/completions', '- /v1/chat/completions'],
  ['/v1/v1/v1/models', '- /v1/models'],
  ['/v1/V1/embeddings', '- /v1/embeddings'],
  ['/v1/v1beta/models', '- /v1beta/models'],
  ['/v1beta/v1beta/models/g:generateContent', '- /v1beta/models/g:generateContent'],
  ['/chat/completions', '- /v1/chat/completions'],
  ['/completions', '- /v1/completions'],
  ['/embeddings', '- /v1/embeddings'],
  ['/models', '- /v1/models'],
  ['/models/gpt-4o', '- /v1/models/gpt-4o'],
  ['/models/g:generateContent', '- /v1/models/g:generateContent'],
  ['/responses', '- /v1/responses'],
  ['/messages', '- /v1/messages'],
  ['/messages/count_tokens', '- /v1/messages/count_tokens'],
  ['/images/generations', '- /v1/images/generations'],
  ['/audio/speech', '- /v1/audio/speech'],
  ['/files/f_1/content', '- /v1/files/f_1/content'],
  ['/v1/chat/completion', '- /v1/chat/completions'],
  ['/chat/completion/', '- /v1/chat/completions'],
  ['/v1/embedding', '- /v1/embeddings'],
  ['/v1/model', '- /v1/models'],
  ['/v1/model/Gpt-4O', '- /v1/models/Gpt-4O'],
  ['/V1/Models/Qwen/QwQ-32B', '- /v1/models/Qwen/QwQ-32B'],
  ['/v1/chat/completions/v1/chat/completions', '- /v1/chat/completions'],
  ['/v1/chat/completions/chat/completions', '- /v1/chat/completions'],
  ['/v1/chat/completions/V1/chat/completion/', '- /v1/chat/completions'],
  ['/v1/embeddings/embeddings', '- /v1/embeddings'],
  ['/v1/models/v1/models/x', '- /v1/models/x'],
  ['/v1/v1/chat/completions/v1/chat/completions', '- /v1/chat/completions'],
  ['/api/v1/chat/completions', '- /v1/chat/completions'],
  ['/api/v1/models/', '- /v1/models'],
  ['/API/V1/models', '- /v1/models'],
  ['/api/chat/completions', '- /v1/chat/completions'],
  ['/api/v1/fine_tuning/jobs', '- /v1/fine_tuning/jobs'],
  ['/api/deepseek/v1/models', 'deepseek /v1/models'],
  ['/hf/models', '- /v1/models'],
  ['/hf/chat/completions', '- /v1/chat/completions'],
  ['/HF/V1/Chat/Completions', '- /v1/chat/completions'],
  ['/hf//v1/models', '- /v1/models'],
  ['/hf/v1/v1/models', '- /v1/models'],
  ['/openai/chat/completions', '- /v1/chat/completions'],
  ['/openai/models', '- /v1/models'],
  ['/openai/v1/chat/completion', '- /v1/chat/completions'],
  ['/deepseek/chat/completions', 'deepseek /v1/chat/completions'],
  ['/deepseek/chat/completion', 'deepseek /v1/chat/completions'],
  ['/deepseek/models/', 'deepseek /v1/models'],
  ['/deepseek/v1/v1/chat/completions', 'deepseek /v1/chat/completions'],
  ['/deepseek//v1/models', 'deepseek /v1/models'],
  ['//deepseek/v1/models', 'deepseek /v1/models'],
  ['/DeepSeek/V1/Chat/Completions', 'deepseek /v1/chat/completions'],
  ['/DS/embedding', 'deepseek /v1/embeddings'],
  ['/DeepSeek/user/Balance', 'deepseek /user/Balance'],
  ['/hf/deepseek/chat/completions', 'deepseek /v1/chat/completions'],
  ['/hf/DeepSeek/v1/models', 'deepseek /v1/models'],
  ['/hf/deepseek/v1/fine_tuning/jobs/', 'deepseek /v1/fine_tuning/jobs/'],
  ['/openai/deepseek/models', 'deepseek /v1/models'],
  ['/OpenAI/DeepSeek/V1/chat/completion/', 'deepseek /v1/chat/completions'],
  ['/gemini/models/g:generateContent', 'gemini /v1/models/g:generateContent'],
  ['/gemini/v1/v1beta/models/g:generateContent', 'gemini /v1beta/models/g:generateContent'],
  ['/health/', 'own /health'],
  ['//livez', 'own /livez'],
  ['/Metrics', 'own /metrics'],
]

describe('parseTarget', () => {
  it.each(RIGHT)('leaves %s as it is: %s', (target, expected) => {
    expect(taken(target)).toBe(expected)
    expect(taken(target, KNOWN, false)).toBe(expected)
  })

  it.each(MENDED)('mends %s: %s', (target, expected) => {
    expect(taken(target)).toBe(expected)
  })

  it('mends nothing when it is told not to', () => {
    expect(taken('/deepseek/chat/completions', KNOWN, false)).toBe('deepseek /chat/completions')
    expect(taken('/v1//chat/completion/', KNOWN, false)).toBe('- /v1//chat/completion/')
    for (const target of ['/chat/completions', '/V1/models', '//v1/models', '/api/v1/models']) {
      expect(refused(target, KNOWN, false).code).toBe('provider_not_found')
    }
  })

  it.each([
    ['/openai/v1/chat/completions', 'acme /v1/chat/completions'],
    ['/openai/chat/completions', 'acme /v1/chat/completions'],
    ['/openai/anything', 'acme /anything'],
    ['/openai/deepseek/v1/models', 'deepseek /v1/models'],
    ['/openai/openai/v1/models', 'acme /v1/models'],
    ['/openai//openai/v1', 'acme /v1'],
    ['/openai///deepseek/v1/models', 'deepseek /v1/models'],
    ['/hf/openai/v1/models', 'acme /v1/models'],
    ['/hf/v1/models', '- /v1/models'],
  ])('gives a prefix to the provider that has it for its path: %s → %s', (target, expected) => {
    expect(taken(target, WITH_OPENAI)).toBe(expected)
  })

  it('prefers a name to another provider’s path', () => {
    const known = index(['a', 'b'], { a: 'b' })
    expect(taken('/a/v1/models', known)).toBe('a /v1/models')
  })

  it.each([
    '/v1/..',
    '/v1/../admin',
    '/./v1/models',
    '/v1/%2e%2e/x',
    '/v1/models/a%2Fb',
    '/v1/models/a%5cb',
    '/v1/models/a%252fb',
    '/v1/models/a%25252Eb',
    '/v1\\models',
    '/v1/models%00',
    '/v1/models%0d%0ax:1',
    '/v1/mo\u0001dels',
    '/v1/models\u007f',
    '/v1/models /x',
    '/v1/models#top',
    '/v1/models?a=\u0000',
    '/v1/models?a=b#c',
    'http://evil.example/v1/models',
    '//evil.example\\@x/v1',
    'v1/models',
    '*',
    '',
    '?key=a',
  ])('refuses %j', target => {
    expect(refused(target).code).toBe('invalid_path')
    expect(refused(target, KNOWN, false).code).toBe('invalid_path')
  })

  it.each([
    ['/depseek/v1/chat/completions', 'Did you mean /deepseek/v1/chat/completions?'],
    ['/hf/depseek/v1/models', 'Did you mean /deepseek/v1/models?'],
    ['/v2/models', 'Did you mean /v1/models?'],
    ['/heath', 'Did you mean /health?'],
    ['/hf/deepseek/foo', 'Did you mean /deepseek/foo?'],
    ['/nothing/like/it', 'Paths begin with /v1, or with the name of a provider and /v1.'],
    ['/livez/x', 'Did you mean /livez/x?'],
  ])('finds no provider for %s and says: %s', (target, hint) => {
    expect(refused(target)).toMatchObject({ code: 'provider_not_found', status: 404, hint })
  })

  it('escapes what it quotes of the path', () => {
    expect(refused('/\u0085x/v1').message).toBe('/\\u0085x/v1 names no provider.')
  })
})

describe('the query', () => {
  const parsed = (target: string) => parseTarget(target, KNOWN, { normalize: true })

  it.each([
    ['/v1/models?key=secret', '', 'secret'],
    ['/v1/models?a=1&key=se%2Fcret&b=2', '?a=1&b=2', 'se/cret'],
    ['/v1/models?%6bey=secret&alt=sse', '?alt=sse', 'secret'],
    ['/deepseek/v1/models?key=a+b', '', 'a b'],
    ['/v1/models?key=a&key=a', '', 'a'],
    ['/v1/models?key=', '', null],
    ['/v1/models?key', '', null],
    ['/v1/models?key=%zz', '', '%zz'],
    ['/v1/models?Key=a&keys=b&monkey=c', '?Key=a&keys=b&monkey=c', null],
    ['/v1/models?a=%20&&b=key=1', '?a=%20&&b=key=1', null],
    ['/v1/models?', '', null],
    ['/v1/models?a?b=/x/../y', '?a?b=/x/../y', null],
  ])('%s keeps %j and presents %j', (target, query, presentedKey) => {
    expect(parsed(target)).toMatchObject({ query, presentedKey })
  })

  it('names the provider on a default path, by name or path, and is not forwarded', () => {
    for (const param of ['provider=deepseek', 'provider=ds', '%70rovider=deepseek']) {
      expect(parsed(`/hf/models?a=1&${param}`)).toMatchObject({
        kind: 'provider',
        provider: 'deepseek',
        path: '/v1/models',
        query: '?a=1',
      })
    }
    expect(parsed('/v1/models?provider=').provider).toBeNull()
    expect(refused('/v1/models?provider=depseek')).toMatchObject({
      code: 'provider_not_found',
      hint: 'Did you mean deepseek?',
    })
  })

  it('keeps a provider parameter that is meant for a provider', () => {
    expect(parsed('/gemini/v1/models?provider=deepseek')).toMatchObject({
      provider: 'gemini',
      query: '?provider=deepseek',
      providerParam: null,
    })
  })

  it('refuses two different keys or providers', () => {
    expect(refused('/v1/models?key=a&key=b').code).toBe('invalid_request')
    expect(refused('/v1/models?provider=ds&provider=gemini').code).toBe('invalid_request')
  })
})

describe('normalisation', () => {
  const word = fc.constantFrom(
    ...['v1', 'V1', 'v1beta', 'api', 'hf', 'openai', 'OpenAI', 'deepseek', 'DeepSeek', 'ds'],
    ...['chat', 'completions', 'completion', 'Completions', 'embedding', 'embeddings', 'model'],
    ...['models', 'responses', 'messages', 'count_tokens', 'images', 'edits', 'audio', 'speech'],
    ...[
      'files',
      'admin',
      'health',
      'livez',
      'g:generateContent',
      'gpt-4o',
      'x',
      '',
      '',
      '%20',
      '~',
    ],
  )
  const anyPath = fc
    .array(
      fc.oneof(
        { weight: 9, arbitrary: word },
        { weight: 1, arbitrary: fc.stringMatching(/^[a-zA-Z0-9_.:~-]{0,8}$/) },
      ),
      { maxLength: 8 },
    )
    .map(words => `/${words.filter(each => each !== '.' && each !== '..').join('/')}`)

  it('is idempotent, and changes nothing about who is meant', () => {
    fc.assert(
      fc.property(anyPath, fc.constantFrom(KNOWN, WITH_OPENAI), (path, known) => {
        const once = normalizePath(path, known)
        expect(normalizePath(once, known)).toBe(once)
        let before: string
        try {
          before = taken(path, known)
        } catch {
          return
        }
        expect(taken(once, known)).toBe(before)
        // What it has put right needs no normaliser any more.
        expect(taken(once, known, false)).toBe(before)
      }),
      { numRuns: count(50_000, 1_000_000) },
    )
  })

  it('never loses the provider', () => {
    const spelling = fc.constantFrom('deepseek', 'DeepSeek', 'ds', 'DS', 'DEEPSEEK')
    const front = fc.constantFrom('/', '//', '/hf/', '/openai/', '/HF//', '/OpenAI/', '/api/')
    const endpoint = fc.constantFrom(
      ...[
        'v1/chat/completions',
        'chat/completions',
        'V1/Chat/Completion',
        'v1/v1/models',
        '/models',
      ],
      ...['embedding/', 'v1//embeddings', 'v1beta/models/g:generateContent', 'v1/images/edits'],
      ...['v1/chat/completions/v1/chat/completions', 'v1/audio/transcriptions', 'v1/whatever/x'],
    )
    fc.assert(
      fc.property(
        front,
        spelling,
        fc.constantFrom('/', '//'),
        endpoint,
        (start, name, slash, rest) => {
          expect(
            parseTarget(start + name + slash + rest, KNOWN, { normalize: true }),
          ).toMatchObject({
            kind: 'provider',
            provider: 'deepseek',
          })
        },
      ),
      { numRuns: count(2_000, 100_000) },
    )
  })
})

describe('joinUpstream', () => {
  it.each([
    ['/v1', '/v1/chat/completions', '/v1/chat/completions'],
    ['/v1', '/v1', '/v1'],
    ['/v1', '/', '/v1'],
    ['/v1', '/v1beta/models', '/v1beta/models'],
    ['/v1', '/user/balance', '/v1/user/balance'],
    ['', '/v1/messages', '/v1/messages'],
    ['', '/user/balance', '/user/balance'],
    ['', '/', '/'],
    ['', '/v1beta/models', '/v1beta/models'],
    ['/v1beta', '/v1beta/models/g:generateContent', '/v1beta/models/g:generateContent'],
    ['/v1beta', '/v1/models', '/v1beta/models'],
    ['/api/paas/v4', '/v1/chat/completions', '/api/paas/v4/chat/completions'],
    ['/api/paas/v4', '/v3/x', '/api/paas/v3/x'],
    ['/openai/v1', '/v1/models', '/openai/v1/models'],
    ['/api/v1', '/v1/models', '/api/v1/models'],
    ['/v1beta/openai', '/v1/chat/completions', '/v1beta/openai/chat/completions'],
    ['/v1/openai', '/v1/embeddings', '/v1/openai/embeddings'],
    ['/v1beta/openai', '/v1beta/models', '/v1beta/models'],
    ['/inference', '/v1/chat/completions', '/inference/v1/chat/completions'],
    ['/version', '/v1/models', '/version/v1/models'],
    ['', '/openai/deployments/d/chat/completions', '/openai/deployments/d/chat/completions'],
  ])('base %j and %s make %s', (base, path, expected) => {
    expect(joinUpstream(base, path, '')).toBe(expected)
    expect(joinUpstream(base, path, '?a=/../b')).toBe(`${expected}?a=/../b`)
  })

  it('keeps whatever it accepts on the origin', () => {
    const raw = fc.string({ unit: fc.constantFrom(...'/\\.@:?#%2eEfF5cv1 \t\n[]a') })
    const base = fc.constantFrom('', '/v1', '/api/paas/v4', '/v1beta/openai', '/x')
    const origin = 'https://api.example.com:8443'
    fc.assert(
      fc.property(
        fc.constantFrom('/v1/', '/deepseek/', '//', '/'),
        raw,
        base,
        (front, rest, basePath) => {
          let route: ReturnType<typeof parseTarget>
          try {
            route = parseTarget(front + rest, KNOWN, { normalize: false })
          } catch (error) {
            expect(error).toBeInstanceOf(BalanceError)
            return
          }
          const target = joinUpstream(basePath, route.path, route.query)
          const url = new URL(origin + target)
          expect(url.origin).toBe(origin)
          expect(url.username).toBe('')
          // No dot segment or backslash was left for the far side to turn.
          expect(url.pathname).toBe(target.split('?')[0])
        },
      ),
      { numRuns: count(20_000, 500_000) },
    )
  })

  it('refuses what could not be put on an origin', () => {
    expect(() => joinUpstream('', '@evil.example/', '')).toThrow(BalanceError)
    expect(() => joinUpstream('', '/v1', '?a=\r\nx: y')).toThrow(BalanceError)
  })
})

describe('a target of 16 KiB that is made to be expensive', () => {
  const MANY = index(Array.from({ length: 50 }, (_, at) => `provider-${at}`))
  const fill = (text: string) => text.repeat(Math.floor(16_000 / text.length))

  it.each([
    ['a provider of one long name', `/${fill('x')}`],
    ['a provider of one long name in the query', `/v1/models?provider=${fill('x')}`],
    ['a version of many digits', `/provider-1/v${fill('0')}`],
    ['many versions', fill('/v1')],
    ['many slashes', fill('/')],
    ['many segments', fill('/a')],
    ['one prefix again and again', fill('/api')],
    ['another prefix again and again', fill('/hf')],
    ['one endpoint again and again', fill('/v1/models')],
    ['escapes', `/v1/${fill('%25')}`],
    ['an escape within escapes', `/v1/%${fill('25')}`],
    ['parameters', `/v1/models?${fill('a&')}`],
    ['keys', `/v1/models?${fill('key=a&')}`],
  ])('%s: 30 ms of processor at most', (_what, target) => {
    // The first runs are those before it is compiled.
    const costs = [1, 2, 3].map(() => costOf(target))
    expect(Math.min(...costs)).toBeLessThan(30)
  })

  function costOf(target: string): number {
    const before = process.cpuUsage()
    try {
      const { path, query } = parseTarget(target, MANY, { normalize: true })
      endpointOf('GET', path)
      joinUpstream('/v1', path, query)
    } catch (error) {
      expect(error).toBeInstanceOf(BalanceError)
    }
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1_000
  }
})
