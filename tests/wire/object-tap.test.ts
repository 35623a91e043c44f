import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isReadable } from '../../src/wire/content-coding.ts'
import { type ObjectForm, ObjectTap } from '../../src/wire/object-tap.ts'
import { openai } from '../../src/wire/openai.ts'

const PLAIN: ObjectForm = { events: false, gemini: false, coding: null, one: false }

/** The ids that were told of, and after which byte of the answer each was. */
function read(bytes: Buffer, form: Partial<ObjectForm> = {}, size = 7) {
  const ids: string[] = []
  const tap = new ObjectTap(null, { ...PLAIN, ...form }, found => ids.push(...found))
  for (let at = 0; at < bytes.length; at += size) tap.push(bytes.subarray(at, at + size))
  tap.end()
  return ids
}
const json = (value: unknown, form: Partial<ObjectForm> = {}, size?: number) =>
  read(Buffer.from(JSON.stringify(value)), form, size)

describe('ids in an answer', () => {
  it.each([
    [{ id: 'file-1', object: 'file' }, ['file-1']],
    [{ id: 'batch_1', output_file_id: 'file-2', error_file_id: null }, ['batch_1', 'file-2']],
    [{ id: 'run_1', thread_id: 'thread_1', assistant_id: 'asst_1' }, ['run_1', 'thread_1']],
    [{ id: 'ftjob-1', result_files: ['file-1', 'file-2'] }, ['ftjob-1', 'file-1', 'file-2']],
    [{ id: 'upload_1', file: { id: 'file-1' } }, ['upload_1', 'file-1']],
    [{ file: 'report.pdf' }, []],
    [{ object: 'list', data: [{ id: 'file-1' }], first_id: 'file-1' }, []],
    [[{ id: 'file-1' }], []],
    [{ id: 7 }, []],
    [{ id: 'with space' }, []],
    [{ id: 'x'.repeat(300) }, []],
    [{ metadata: { id: 'file-1' }, content: '"id":"file-2"' }, []],
  ])('%j', (value, ids) => {
    expect(json(value)).toEqual(ids)
  })

  it.each([
    [{ name: 'files/abc', uri: 'x' }, ['files/abc']],
    [{ file: { name: 'files/abc' } }, ['files/abc']],
    [{ name: 'models/veo/operations/o1' }, ['models/veo/operations/o1']],
    [{ id: 'file-1', name: 'a name' }, []],
  ])('of Gemini’s: %j', (value, ids) => {
    expect(json(value, { gemini: true })).toEqual(ids)
  })

  it('are told of before the last byte has come, in any JSON and any cut', () => {
    const id = fc.stringMatching(/^[a-z]{2,6}-[A-Za-z0-9]{3,20}$/)
    const rest = fc.dictionary(
      fc
        .string()
        .filter(
          name => !/^(id|thread_id|output_file_id|error_file_id|result_files|file)$/.test(name),
        ),
      fc.jsonValue(),
    )
    fc.assert(
      fc.property(rest, id, rest, fc.integer({ min: 1, max: 50 }), (before, given, after, size) => {
        const bytes = Buffer.from(JSON.stringify({ ...before, id: given, ...after }))
        expect(read(bytes.subarray(0, -1), {}, size)).toEqual([given])
      }),
    )
  })

  it('are none in bytes that are no JSON', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        for (const events of [true, false]) read(Buffer.from(bytes), { events })
        for (const coding of ['gzip', 'br', 'zstd']) read(Buffer.from(bytes), { coding })
      }),
    )
  })

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const)('are read through %s, before the last byte', (coding, code) => {
    const value = { id: 'file-1', text: Array.from({ length: 500 }, (_, n) => n * 7_919).join() }
    const bytes = code(Buffer.from(JSON.stringify(value)))
    expect(read(bytes.subarray(0, -1), { coding }, 64)).toEqual(['file-1'])
  })

  it('are not looked for in a coded answer without a bound', () => {
    const bomb = gzipSync(
      Buffer.concat([Buffer.from(' '.repeat(50_000_000)), Buffer.from('{"id":"file-1"}')]),
    )
    const began = process.memoryUsage().arrayBuffers
    expect(read(bomb, { coding: 'gzip' }, 16_384)).toEqual([])
    expect(process.memoryUsage().arrayBuffers - began).toBeLessThan(32_000_000)
  })

  it('are those of a stream’s first events', () => {
    const events = [
      'event: thread.created\ndata: {"id":"thread_1","object":"thread"}\n\n',
      ': ping\n\n',
      'event: thread.run.created\ndata: {"id":"run_1","thread_id":"thread_1"}\n\n',
    ].join('')
    expect(read(Buffer.from(events), { events: true })).toEqual(['thread_1', 'run_1', 'thread_1'])
    const response = {
      type: 'response.created',
      response: { tools: ['x'.repeat(90_000)], id: 'resp_1' },
    }
    const created = `event: response.created\ndata: ${JSON.stringify(response)}\n\n`
    expect(read(Buffer.from(created), { events: true }, 5_000)).toEqual(['resp_1'])
    const late = 'data: {"x":1}\n\n'.repeat(20) + created
    expect(read(Buffer.from(late), { events: true })).toEqual([])
  })

  it('are one where there is only one to be told of', () => {
    const events = 'data: {"id":"chatcmpl-1"}\n\ndata: {"id":"chatcmpl-2"}\n\n'
    expect(read(Buffer.from(events), { events: true, one: true })).toEqual(['chatcmpl-1'])
    expect(json({ id: 'resp_1', thread_id: 'thread_1' }, { one: true })).toEqual(['resp_1'])
  })

  it('are also those of the containers that a response ran in, wherever in it, once each', () => {
    const call = { type: 'code_interpreter_call', container_id: 'cntr_abc123' }
    const cited = { type: 'container_file_citation', container_id: 'cntr_abc123', file_id: 'x' }
    const output = [{ content: ['é'.repeat(2_000)] }, call, { annotations: [cited] }]
    for (const size of [1, 7, 5_000])
      expect(json({ id: 'resp_1', output }, { one: true }, size)).toEqual(['resp_1', 'cntr_abc123'])
    const events = [
      'event: response.created\ndata: {"response":{"id":"resp_1","output":[]}}\n\n',
      'data: {"delta":"x"}\n\n'.repeat(50),
      `data: ${JSON.stringify({ item: call }, null, 1).replaceAll('\n', '')}\n\n`,
    ].join('')
    expect(read(Buffer.from(events), { events: true, one: true })).toEqual([
      'resp_1',
      'cntr_abc123',
    ])
    expect(json({ id: 'file-1', container_id: 'cntr_abc123' })).toEqual(['file-1'])
  })

  it('are none that a model says', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.integer({ min: 1, max: 40 }), (a, b, size) => {
        const text = `${a}"container_id":"cntr_abc123"${b}`
        const nested = JSON.stringify({ text })
        expect(json({ output: [{ text }, nested] }, { one: true }, size)).toEqual([])
      }),
    )
  })

  it('leave what another tap says as it is', () => {
    const inner = openai.jsonTap()
    const tap = new ObjectTap(inner, PLAIN, () => {})
    tap.push(Buffer.from('{"id":"chatcmpl-1","usage":{"prompt_tokens":3}'))
    expect([tap.terminated, tap.meaningful]).toEqual([false, false])
    tap.push(Buffer.from('}'))
    expect([tap.terminated, tap.meaningful, tap.usage.prompt]).toEqual([true, true, 3])
    tap.lively = false
    expect(inner.lively).toBe(false)
  })
})

describe('codings that can be read', () => {
  it.each([
    [undefined, true],
    ['gzip, deflate, br;q=0.5', true],
    ['GZIP , identity;q=0', true],
    ['gzip, zstd', false],
    ['*', false],
  ])('%s', (header, readable) => {
    expect(isReadable(header)).toBe(readable)
  })
})
