import { describe, expect, it } from 'vitest'
import type { DialectName } from '../../src/model/dialect.ts'
import { modelListOf, readModelList } from '../../src/wire/model-list.ts'

const read = (kind: DialectName, body: unknown) =>
  readModelList(kind, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)))

describe('a list of models', () => {
  it.each<[DialectName, unknown, readonly string[], string | null]>([
    ['openai', { object: 'list', data: [{ id: 'a' }, { id: 'b/c' }] }, ['a', 'b/c'], null],
    // Ollama without models, and Together.
    ['openai', { object: 'list', data: null }, [], null],
    ['openai', [{ id: 'a', type: 'chat' }], ['a'], null],
    ['openai', { data: [{ id: 'a' }], has_more: true, last_id: 'a' }, ['a'], null],
    [
      'anthropic',
      { data: [{ id: 'c-1' }, { id: 'c&2' }], has_more: true, last_id: 'c&2' },
      ['c-1', 'c&2'],
      '?limit=1000&after_id=c%262',
    ],
    ['anthropic', { data: [{ id: 'c-1' }], has_more: false, last_id: 'c-1' }, ['c-1'], null],
    [
      'gemini',
      { models: [{ name: 'models/g-1' }, { name: 'tunedModels/t' }], nextPageToken: 'x=y' },
      ['g-1', 'tunedModels/t'],
      '?pageSize=1000&pageToken=x%3Dy',
    ],
    ['gemini', { models: [{ name: 'models/g-1' }], nextPageToken: '' }, ['g-1'], null],
  ])('of %s: %j', (kind, body, ids, next) => {
    expect(read(kind, body)).toMatchObject({ ids, next })
    expect(read(kind, body)?.entries).toHaveLength(ids.length)
  })

  it.each<[DialectName, unknown]>([
    ['openai', '<html>'],
    ['openai', ''],
    ['openai', 'null'],
    ['openai', { message: 'Welcome' }],
    ['openai', { data: { id: 'a' } }],
    ['openai', { data: [{ id: 'a' }, { name: 'b' }] }],
    ['openai', { data: [{ id: '' }] }],
    ['anthropic', [{ id: 'a' }]],
    ['gemini', { data: [{ id: 'a' }] }],
    ['gemini', { models: [{ id: 'a' }] }],
  ])('is not what %s answers with %j', (kind, body) => {
    expect(read(kind, body)).toBeNull()
  })

  it('is asked for at the place where each family has it', () => {
    expect(modelListOf('openai')).toMatchObject({ path: '/v1/models', query: '' })
    expect(modelListOf('anthropic')).toMatchObject({ path: '/v1/models', query: '?limit=1000' })
    expect(modelListOf('gemini')).toMatchObject({
      path: '/v1beta/models',
      query: '?pageSize=1000',
    })
  })
})
