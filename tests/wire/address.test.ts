import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressOf } from '../../src/wire/address.ts'

const azure = (basePath: string, apiVersion = '', query = {}) =>
  addressOf('azure', { basePath, apiVersion, query })

describe('an address', () => {
  it.each([
    ['', '/v1/models', '', '/v1/models?team=a%26b'],
    ['/api/v1', '/v1/models', '?limit=2', '/api/v1/models?limit=2&team=a%26b'],
    ['', '/v1/models', '?team=mine&%74eam=too&t=1', '/v1/models?t=1&team=a%26b'],
  ])(
    'has its own parameters in the place of the client’s: %s %s%s',
    (basePath, path, query, out) => {
      const address = addressOf('custom', { basePath, query: { team: 'a&b' }, apiVersion: '' })
      expect(address.of(path, query, null)).toBe(out)
    },
  )

  it('without any leaves a query as it came', () => {
    const address = addressOf('openai', { basePath: '', query: {}, apiVersion: '2024-10-21' })
    expect(address.of('/v1/models', '?a=%7e&&b', null)).toBe('/v1/models?a=%7e&&b')
  })
})

const DATE = '?api-version=2024-10-21'

describe('an address of Azure’s dated API', () => {
  it.each([
    ['/v1/chat/completions', '', `/openai/deployments/my-gpt/chat/completions${DATE}`],
    ['/v1/embeddings', '?a=b', '/openai/deployments/my-gpt/embeddings?a=b&api-version=2024-10-21'],
    ['/v1/audio/transcriptions', '', `/openai/deployments/my-gpt/audio/transcriptions${DATE}`],
    [
      '/v1/chat/completions',
      '?api-version=x',
      '/openai/deployments/my-gpt/chat/completions?api-version=x',
    ],
    ['/v1/responses', '', `/openai/responses${DATE}`],
    ['/v1/models', '', `/openai/models${DATE}`],
    ['/v1/files/f-1/content', '', `/openai/files/f-1/content${DATE}`],
    [
      '/openai/deployments/d/chat/completions',
      '?api-version=2025-01-01-preview',
      '/openai/deployments/d/chat/completions?api-version=2025-01-01-preview',
    ],
    ['/openai/deployments/d/chat/completions', '', `/openai/deployments/d/chat/completions${DATE}`],
    ['/openai/v1/responses', '', '/openai/v1/responses'],
    ['/anthropic/v1/messages', '', '/anthropic/v1/messages'],
  ])('%s%s → %s', (path, query, out) => {
    for (const base of ['', '/openai']) expect(azure(base).of(path, query, 'my-gpt')).toBe(out)
    expect(azure('/apim/openai').of(path, query, 'my-gpt')).toBe(`/apim${out}`)
  })

  it('names the version that its owner wants', () => {
    const of = (version: string, path: string) => azure('', version).of(path, '', 'd')
    expect(of('2025-04-01-preview', '/v1/responses')).toBe(
      '/openai/responses?api-version=2025-04-01-preview',
    )
    // A version without a date is of the newer API.
    expect(of('preview', '/v1/responses')).toBe(`/openai/responses${DATE}`)
    expect(of('preview', '/openai/v1/responses')).toBe('/openai/v1/responses?api-version=preview')
    expect(of('2025-04-01-preview', '/openai/v1/responses')).toBe('/openai/v1/responses')
    expect(azure('', '', { 'api-version': 'x' }).of('/v1/models', '?api-version=y', null)).toBe(
      '/openai/models?api-version=x',
    )
  })

  it('needs a model where a deployment is a part of the path', () => {
    expect(azure('').needsModel('/v1/chat/completions')).toBe(true)
    expect(azure('').needsModel('/v1/responses')).toBe(false)
    expect(azure('').needsModel('/openai/deployments/d/chat/completions')).toBe(false)
    expect(azure('/openai/v1').needsModel('/v1/chat/completions')).toBe(false)
    expect(
      addressOf('openai', { basePath: '', query: {}, apiVersion: '' }).needsModel(
        '/v1/chat/completions',
      ),
    ).toBe(false)
  })

  it('is one segment for every model, and no way out of it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.constantFrom('.', '..', '', '../x', 'a/b?c#d', '\ud800', 'a%2fb'),
        ),
        model => {
          const path = azure('').of('/v1/chat/completions', '', model)
          expect(path).toMatch(
            /^\/openai(\/deployments\/(?!\.{1,2}\/)[^/?#\\\s]+)?\/chat\/completions\?api-version=2024-10-21$/,
          )
        },
      ),
    )
  })
})

describe('an address of Azure’s API without dates', () => {
  it.each([
    ['/v1/chat/completions', '', '/openai/v1/chat/completions'],
    ['/v1/models', '?api-version=preview', '/openai/v1/models?api-version=preview'],
    ['/openai/v1/responses', '', '/openai/v1/responses'],
    ['/openai/deployments/d/embeddings', '', `/openai/deployments/d/embeddings${DATE}`],
  ])('%s%s → %s', (path, query, out) => {
    expect(azure('/openai/v1').of(path, query, 'my-gpt')).toBe(out)
  })
})
