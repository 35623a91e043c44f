import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { objectsNamed, objectsNamedPlainly } from '../../src/wire/object-names.ts'

const named = (value: unknown) => objectsNamed(Buffer.from(JSON.stringify(value)))
const text = (json: string) => objectsNamed(Buffer.from(json))

describe('objects that a body names', () => {
  it.each([
    [{ input_file_id: 'file-1' }, ['file-1']],
    [{ training_file: 'file-1', validation_file: 'file-2' }, ['file-1', 'file-2']],
    [{ previous_response_id: 'resp_1', model: 'gpt-5' }, ['resp_1']],
    [{ conversation: 'conv_1' }, ['conv_1']],
    [{ conversation: { id: 'conv_1' } }, ['conv_1']],
    [{ tools: [{ type: 'file_search', vector_store_ids: ['vs_1', 'vs_2'] }] }, ['vs_1', 'vs_2']],
    [{ tools: [{ container: { type: 'auto', file_ids: ['file-1'] } }] }, ['file-1']],
    [{ container: 'cntr_1' }, ['cntr_1']],
    [{ assistant_id: 'asst_1', thread: { messages: [{ content: 'file-x' }] } }, ['asst_1']],
    [{ files: [{ file_id: 'file-1' }, { file_id: 'file-2' }] }, ['file-1', 'file-2']],
    [{ file_ids: [{ x: 1 }, 'file-1'] }, ['file-1']],
    [{ video: { id: 'video_1' }, voice: { id: 'voice_1' } }, ['video_1', 'voice_1']],
    [{ voice: 'alloy', id: 'file-1', user: 'file' }, []],
    [{ data_source: { source: { type: 'file_id', id: 'file-1' } } }, ['file-1']],
    [{ cachedContent: 'cachedContents/a1' }, ['cachedContents/a1']],
    [
      { contents: [{ parts: [{ fileData: { fileUri: 'https://x/v1beta/files/a1' } }] }] },
      ['files/a1'],
    ],
    [{ file_name: 'report.pdf', file_id: '' }, []],
  ])('%j', (body, ids) => {
    expect(named(body).named).toEqual(ids)
    expect(objectsNamedPlainly(Buffer.from(JSON.stringify(body, null, 1)))).toEqual(ids)
  })

  it('are found however they are spelled, also where a member is named twice', () => {
    expect(text('{"file\\u005fid" : "file-\\u0061bc"}').named).toEqual(['file-abc'])
    expect(text('{"file_id":"file-1","file_id":\n"file-2"}').named).toEqual(['file-1', 'file-2'])
    expect(text('\ufeff{ "file_id"\t:\r\n"file-1" }').named).toEqual(['file-1'])
  })

  it('are none inside of a text', () => {
    expect(named({ content: '{"file_id":"file-12345678"}' })).toEqual({ named: [], alike: [] })
    expect(named({ content: 'a\\', note: '"file_id":"file-1"' }).named).toEqual([])
  })

  it('may be other strings that look like an id', () => {
    expect(named({ metadata: { x: 'file-12345678' }, user: 'vs_short' })).toEqual({
      named: [],
      alike: ['file-12345678'],
    })
  })

  it.each([
    '',
    '{',
    '"',
    '{"file_id":"',
    '{"file_id":"file-1',
    '}}}',
    '{"a":"\\',
    '\\"',
    '[{"file_id"]',
  ])('of what is no JSON break nothing: %j', body => {
    expect(() => text(body)).not.toThrow()
  })

  it('are found in any JSON, at any depth', () => {
    const id = fc.stringMatching(/^[a-z]{2,6}-[A-Za-z0-9]{3,20}$/)
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), id, (before, after, given) => {
        const body = { before, deep: [{ x: before }, [{ file_id: given, after }]] }
        expect(named(body).named).toContain(given)
      }),
    )
  })

  it('take time in proportion to the body', () => {
    const hostile = Buffer.from(`{"x":[${'{"file_ids":["a\\\\'.repeat(200_000)}`)
    const long = Buffer.from(JSON.stringify({ input: 'x\\"'.repeat(1_000_000), file_id: 'file-1' }))
    const began = performance.now()
    objectsNamed(hostile)
    expect(objectsNamed(long).named).toEqual(['file-1'])
    expect(performance.now() - began).toBeLessThan(2_000)
  })
})
