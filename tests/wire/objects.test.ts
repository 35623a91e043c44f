import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endpointOf } from '../../src/wire/endpoint.ts'
import { objectUse } from '../../src/wire/objects.ts'

const TABLE = new URL('../gateway/operations/openai-operations.tsv', import.meta.url)

/** Each operation's method and path; `{name}` stands for what is no fixed word of it. */
const OPERATIONS = readFileSync(TABLE, 'utf8')
  .trim()
  .split('\n')
  .slice(2)
  .map(line => line.split('\t') as [method: string, path: string])
  .map(([method, path]) => [method, path.split('?', 1)[0] as string] as const)

const use = (method: string, path: string) => objectUse(method, path, endpointOf(method, path))

/** Paths of OpenAI's that have ids, and hold no objects of a key. */
const OTHERS = /^\/(organization|projects|models)\b/

/** Parameters that are no ids. */
const NO_IDS = ['{version}']

describe('which segments of a path are ids', () => {
  it('is known for every operation of OpenAI', () => {
    expect(OPERATIONS).toHaveLength(288)
    let checked = 0
    for (const [method, path] of OPERATIONS) {
      const parameters = path.match(/\{\w+\}/g) ?? []
      const ids = parameters
        .filter(name => !NO_IDS.includes(name))
        .map(name => `${name.slice(1, 4)}_0a${name.length}`)
      let at = 0
      const filled = path.replaceAll(/\{\w+\}/g, name =>
        NO_IDS.includes(name) ? '1' : (ids[at++] as string),
      )
      const found = use(method, `/v1${filled}`)
      if (OTHERS.test(path)) expect([path, found]).toEqual([path, null])
      else expect([method, path, found?.ids ?? []]).toEqual([method, path, ids])
      if (ids.length > 0 && found) checked++
    }
    expect(checked).toBeGreaterThan(110)
  })

  it('holds for any id', () => {
    const id = fc.stringMatching(/^[a-z]{2,10}[-_][A-Za-z0-9]{6,40}$/)
    fc.assert(
      fc.property(id, fc.constantFrom(...OPERATIONS), (given, [method, path]) => {
        fc.pre(!OTHERS.test(path) && path.includes('{') && !path.includes('{version}'))
        const filled = path.replaceAll(/\{\w+\}/g, given)
        const count = path.match(/\{/g)?.length ?? 0
        expect(use(method, `/v1${filled}`)?.ids).toEqual(Array(count).fill(given))
      }),
    )
  })

  it.each([
    ['GET', '/v1/messages/batches/msgbatch_01HkcT', ['msgbatch_01HkcT']],
    ['GET', '/v1/messages/batches/msgbatch_01HkcT/results', ['msgbatch_01HkcT']],
    ['POST', '/v1/batch/jobs/0190b7e6-9a5c/cancel', ['0190b7e6-9a5c']],
    ['GET', '/v1/fine-tunes/ft-0a1b/checkpoints', ['ft-0a1b']],
    ['GET', '/v1beta/files/abc-123', ['files/abc-123']],
    ['GET', '/v1beta/files/abc-123:download', ['files/abc-123']],
    ['PATCH', '/v1beta/cachedContents/x1', ['cachedContents/x1']],
    ['POST', '/v1beta/tunedModels/x1:generateContent', ['tunedModels/x1']],
    ['GET', '/v1beta/tunedModels/x1/operations/y', ['tunedModels/x1']],
    ['POST', '/v1beta/batches/b1:cancel', ['batches/b1']],
    ['GET', '/v1beta/models/veo/operations/o1', ['models/veo/operations/o1']],
    ['POST', '/v1beta/models/m:batchGenerateContent', []],
    ['GET', '/v1beta/openai/files/file-1', ['file-1']],
    ['GET', '/openai/files/file-1', ['file-1']],
    ['DELETE', '/v1/files/file%2D1', ['file-1']],
    ['DELETE', '/v1/%66iles/file-1', ['file-1']],
    ['DELETE', '/v1//files//file-1/', ['file-1']],
    ['DELETE', '/v1/Files/file-1', ['file-1']],
    ['DELETE', '/v1/files/%20', [' ']],
    ['DELETE', '/v1/files/%ff', ['%ff']],
    ['DELETE', '/v1beta/%66iles/abc', ['files/abc']],
    [
      'GET',
      '/v1/files/0190b7e6-9a5c-7e5c-8c8c-1f2e3d4c5b6a',
      ['0190b7e6-9a5c-7e5c-8c8c-1f2e3d4c5b6a'],
    ],
  ])('%s %s', (method, path, ids) => {
    expect(use(method, path)?.ids).toEqual(ids)
  })
})

describe('what a call has to do with objects', () => {
  it.each([
    ['POST', '/v1/chat/completions', { makes: 'asked', names: true, home: false }],
    ['POST', '/v1/responses', { makes: 'unasked', names: true, home: true }],
    ['POST', '/v1/files', { makes: 'yes', lists: false, home: true }],
    ['GET', '/v1/files', { makes: 'no', lists: true }],
    ['HEAD', '/v1/files', { makes: 'no', lists: true }],
    ['GET', '/v1/files/file-1', { makes: 'yes', lists: false }],
    ['GET', '/v1/files/file-1/content', { makes: 'no', lists: false }],
    ['DELETE', '/v1/files/file-1', { makes: 'no', deletes: 'file-1' }],
    ['DELETE', '/v1/threads/thread_1/messages/msg_1', { deletes: 'msg_1' }],
    ['POST', '/v1/files/file-1', { deletes: null }],
    ['DELETE', '/v1/vector_stores/vs_1/files/file-1', { deletes: null }],
    ['DELETE', '/v1/vector_stores/vs_1', { deletes: 'vs_1' }],
    ['DELETE', '/v1/containers/cntr_1/files/cfile_1', { deletes: 'cfile_1' }],
    ['POST', '/v1/containers/cntr_1/files', { namesInFields: true }],
    ['POST', '/v1/files', { namesInFields: false }],
    ['DELETE', '/v1beta/files/abc', { makes: 'no', deletes: 'files/abc', gemini: true }],
    ['POST', '/v1beta/models/m:batchGenerateContent', { makes: 'yes' }],
    ['POST', '/v1/messages', { names: true, makes: 'no', home: false }],
    ['POST', '/v1/%6dessages', { names: true, makes: 'no', home: false }],
  ])('%s %s', (method, path, expected) => {
    expect(use(method, path)).toMatchObject(expected)
  })

  it.each([
    ['POST', '/v1/embeddings'],
    ['POST', '/v1/moderations'],
    ['GET', '/v1/models'],
    ['GET', '/v1/models/gpt-4o'],
    ['DELETE', '/v1/models/ft:x'],
    ['GET', '/v1/organization/users/user-1'],
    ['GET', '/v1/filesystem'],
  ])('%s %s: nothing', (method, path) => {
    expect(use(method, path)).toBeNull()
  })
})
