import fc from 'fast-check'
import { FormData as UndiciForm, Response as UndiciResponse } from 'undici'
import { describe, expect, it } from 'vitest'
import { FormScan } from '../../src/wire/multipart.ts'
import { boundaryOf } from '../../src/wire/parameters.ts'
import { count } from '../support/count.ts'
import { boundary, content, field, file, filename, form, type Part } from '../support/forms.ts'
import { cut, cuts, singleBytes } from './chunks.ts'

function scanned(limit: string, chunks: readonly Buffer[]): FormScan {
  const scan = new FormScan(limit)
  for (const chunk of chunks) scan.push(chunk)
  scan.end()
  return scan
}

function finding({ model, modelStart, modelEnd, stream, closed, problem }: FormScan) {
  return { model, modelStart, modelEnd, stream, closed, problem }
}

function scanParts(...parts: readonly Part[]): FormScan {
  return scanned('b', [form('b', ...parts)])
}

const other = fc.oneof(
  fc
    .tuple(fc.constantFrom('file', 'image[]', 'Model', 'models', ''), filename, content)
    .map(([name, called, bytes]) => file(name, called, bytes)),
  fc
    .tuple(fc.constantFrom('prompt', 'language', 'model_', 'x'), fc.string())
    .map(([name, value]) => field(name, value)),
)
const parts = fc.tuple(fc.array(other, { maxLength: 4 }), fc.array(other, { maxLength: 4 }))
const model = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.constantFrom('', 'm\r\n'))

describe('a form that names a model', () => {
  it('has it found, with its bytes, wherever its chunks are cut', () => {
    fc.assert(
      fc.property(boundary, parts, model, fc.boolean(), cuts, (limit, [a, b], name, stream, at) => {
        const all = [...a, field('model', name), field('stream', String(stream)), ...b]
        const bytes = form(limit, ...all)
        fc.pre(!all.some(({ content: text }) => text.includes(`--${limit}`)))
        const scan = scanned(limit, cut(bytes, at))
        expect(finding(scan)).toMatchObject({ model: name, stream, closed: true, problem: null })
        expect(bytes.subarray(scan.modelStart, scan.modelEnd).toString()).toBe(name)
        expect(finding(scanned(limit, singleBytes(bytes)))).toEqual(finding(scan))
      }),
      { numRuns: count(300, 20_000) },
    )
  })

  it('is found in what undici makes of a FormData', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme', maxLength: 20 }),
        fc.array(fc.tuple(fc.string(), fc.string(), fc.uint8Array({ maxLength: 100 })), {
          maxLength: 4,
        }),
        fc.nat(),
        cuts,
        async (name, files, place, at) => {
          const data = new UndiciForm()
          const before = place % (files.length + 1)
          files.forEach(([called, filename, bytes], i) => {
            if (i === before) data.append('model', name)
            data.append(
              called === 'model' ? 'x' : called,
              new Blob([Uint8Array.from(bytes)]),
              filename,
            )
          })
          if (before === files.length) data.append('model', name)
          const response = new UndiciResponse(data)
          const limit = boundaryOf(response.headers.get('content-type') ?? '')
          const bytes = Buffer.from(await response.arrayBuffer())
          const scan = scanned(limit ?? '', cut(bytes, at))
          // A form has lines of one kind.
          expect([scan.problem, scan.model]).toEqual([null, name.replaceAll(/\r?\n|\r/g, '\r\n')])
        },
      ),
      { numRuns: count(150, 5_000) },
    )
  })

  it('any bytes: every cut gives the same finding', () => {
    const piece = fc.oneof(
      content,
      fc
        .constantFrom(
          '\r\n--b',
          '--b\r\n',
          '\r\n--b--',
          'content-disposition: form-data; name=model',
        )
        .map(text => Buffer.from(text)),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), cuts, (pieces, at) => {
        const bytes = Buffer.concat(pieces)
        const whole = finding(scanned('b', [bytes]))
        expect(finding(scanned('b', cut(bytes, at)))).toEqual(whole)
        expect(finding(scanned('b', singleBytes(bytes)))).toEqual(whole)
      }),
      { numRuns: count(500, 50_000) },
    )
  })

  it.each([
    ['without quotes', 'Content-Disposition: form-data; name=model'],
    ['in another case', 'CONTENT-disposition: Form-Data; NAME="model"'],
    ['folded', 'Content-Disposition: form-data;\r\n\tname="model"'],
    [
      'after others',
      'X-A: b\r\nContent-Length: 3\r\nContent-Disposition: form-data; a=b; name="model" ; c=d',
    ],
    ['spaced', 'Content-Disposition : form-data ; name = "model"'],
    ['as a file', 'Content-Disposition: form-data; name="model"; filename="m"'],
    [
      'of a plain type',
      'Content-Type: text/plain; charset=UTF-8\r\nContent-Disposition: form-data; name="model"',
    ],
    ['with name* besides', 'Content-Disposition: form-data; name="model"; name*=utf-8\'\'model'],
  ])('%s', (_name, head) => {
    expect(
      finding(scanParts(field('a', 'b'), { head, content: Buffer.from('gpt') })),
    ).toMatchObject({
      model: 'gpt',
      problem: null,
    })
  })

  it.each([
    'Content-Disposition: form-data; name="file"; filename="; name=\'model\'"',
    'Content-Disposition: form-data; name="Model"',
    'Content-Disposition: form-data; name="a"; name*=utf-8\'\'b',
    'Content-Disposition: form-data; xname="model"',
    'Content-Type: text/plain; name=model',
    'X: name="model"',
    'model',
  ])('is not named by %s', head => {
    expect(finding(scanParts({ head, content: Buffer.from('gpt') }))).toMatchObject({
      model: null,
      problem: null,
    })
  })
})

describe('a form whose model is in doubt', () => {
  const named = 'Content-Disposition: form-data; name="model"'
  it.each([
    ['two of them', form('b', field('model', 'a'), field('model', 'b')), /more than once/],
    [
      'two names',
      form('b', {
        head: 'Content-Disposition: form-data; name="x"; name="model"',
        content: Buffer.from('a'),
      }),
      /in doubt/,
    ],
    [
      'two dispositions',
      form('b', {
        head: `Content-Disposition: form-data; name="x"\r\n${named}`,
        content: Buffer.from('a'),
      }),
      /in doubt/,
    ],
    [
      'a name behind a backslash',
      form('b', {
        head: 'Content-Disposition: form-data; filename="a\\"; name="model"',
        content: Buffer.from('a'),
      }),
      /in doubt/,
    ],
    [
      'a name with a backslash',
      form('b', {
        head: 'Content-Disposition: form-data; name="mode\\l"',
        content: Buffer.from('a'),
      }),
      /in doubt/,
    ],
    [
      'name* alone',
      form('b', {
        head: 'Content-Disposition: form-data; name="x"; name*=utf-8\'\'mod%65l',
        content: Buffer.from('a'),
      }),
      /in doubt/,
    ],
    [
      'name* in pieces',
      form('b', {
        head: 'Content-Disposition: form-data; name*1="del"; name*0="mo"',
        content: Buffer.from('a'),
      }),
      /in doubt/,
    ],
    [
      'a coding',
      form('b', {
        head: `${named}\r\nContent-Transfer-Encoding: base64`,
        content: Buffer.from('Zg=='),
      }),
      /in doubt/,
    ],
    [
      'a charset',
      form('b', {
        head: `${named}\r\nContent-Type: text/plain; charset=utf-16`,
        content: Buffer.from('a'),
      }),
      /in doubt/,
    ],
    ['no UTF-8', form('b', { head: named, content: Buffer.from([0xff]) }), /UTF-8/],
    ['too long', form('b', field('model', 'x'.repeat(70_000))), /too long/],
    ['cut short', form('b', field('model', 'gpt')).subarray(0, -7), /ends inside/],
    [
      'lines of LF alone',
      Buffer.from('--b\nContent-Disposition: form-data; name="model"\n\ngpt\n--b--\n'),
      /delimiter/,
    ],
    [
      'a delimiter after LF alone',
      form('b', file('f', 'f', Buffer.from('x\n--b\r\n\r\n'))),
      /delimiter/,
    ],
    ['a longer boundary', form('b', file('f', 'f', Buffer.from('x\r\n--bb\r\n'))), /delimiter/],
    [
      'a part after the last',
      Buffer.concat([form('b', field('a', 'b')), form('b', field('model', 'gpt'))]),
      /last delimiter/,
    ],
    [
      'LF alone in headers',
      form('b', {
        head: 'X: y\nContent-Disposition: form-data; name="model"',
        content: Buffer.from('gpt'),
      }),
      /proper lines/,
    ],
    [
      'a delimiter in headers',
      form('b', { head: 'X: y\r\n--b', content: Buffer.from('gpt') }),
      /proper lines/,
    ],
    [
      'a part of headers alone',
      Buffer.from(`--b\r\nX: y\r\n\r\n--b\r\n${named}\r\n\r\ngpt\r\n--b--`),
      /no content/,
    ],
    [
      'long headers',
      form('b', { head: `X: ${'y'.repeat(9_000)}`, content: Buffer.from('') }),
      /too long/,
    ],
  ])('%s', (_name, bytes, problem) => {
    expect(scanned('b', [bytes]).problem).toMatch(problem)
    expect(scanned('b', singleBytes(bytes)).problem).toMatch(problem)
  })
})

it('an empty model is one; a form that ends without its last line end is whole', () => {
  const bytes = form('b', field('model', ''))
  expect(finding(scanned('b', [bytes.subarray(0, -2)]))).toMatchObject({ model: '', closed: true })
})

it('what comes before the first delimiter and after the last is nobody’s', () => {
  const bytes = Buffer.concat([
    Buffer.from('preamble --b\r\nname="model"\r\n'),
    form('b', field('model', 'gpt')),
    Buffer.from('epilogue --b'),
  ])
  expect(finding(scanned('b', [bytes]))).toMatchObject({ model: 'gpt', problem: null })
})

describe('a boundary', () => {
  it.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['multipart/form-data; boundary="a b;c" ; charset=utf-8', 'a b;c'],
    [
      'multipart/form-data;charset=utf-8;BOUNDARY=----WebKitFormBoundaryX ',
      '----WebKitFormBoundaryX',
    ],
    ['multipart/form-data', null],
    ['multipart/form-data; boundary=""', undefined],
    ['multipart/form-data; boundary=a; boundary=b', undefined],
    ['multipart/form-data; boundary="a\\b"', undefined],
    ['multipart/form-data; boundary=a; boundary*=b', undefined],
  ])('%s', (type, expected) => {
    expect(boundaryOf(type)).toBe(expected)
  })
})
