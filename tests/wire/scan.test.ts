import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BodyScan, spliceModel } from '../../src/wire/scan.ts'
import { count } from '../support/count.ts'
import { cut, cuts, singleBytes } from './chunks.ts'

function scanned(chunks: readonly Buffer[]): BodyScan {
  const scan = new BodyScan()
  for (const chunk of chunks) scan.push(chunk)
  scan.end()
  return scan
}

function scanText(text: string): BodyScan {
  return scanned([Buffer.from(text)])
}

/** JSON text as clients may write it: any white space, any escapes, numbers that no double holds. */
const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/)
const escapedString = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6 }).map(text => JSON.stringify(text).slice(1, -1)),
      fc.constantFrom(
        '\\u006d',
        '\\"',
        '\\\\',
        '\\/',
        '\\ud83d\\ude00',
        '😀',
        'é',
        '\\n',
        '{',
        ']',
      ),
    ),
    { maxLength: 6 },
  )
  .map(parts => `"${parts.join('')}"`)
const number = fc.constantFrom('9007199254740993', '1e400', '-0', '0.1', '-12.5E-3', '42')
const literal = fc.constantFrom('true', 'false', 'null')

const { value } = fc.letrec<{ value: string; object: string; array: string }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    escapedString,
    number,
    literal,
    tie('object'),
    tie('array'),
  ),
  array: fc.array(tie('value'), { maxLength: 4 }).map(items => `[${items.join(' ,')}]`),
  object: fc
    .array(fc.tuple(fc.oneof(escapedString, fc.constant('"model"')), tie('value')), {
      maxLength: 4,
    })
    .map(members => `{${members.map(([name, item]) => `${name}: ${item}`).join(',')}}`),
}))

const modelName = fc.constantFrom(
  '"model"',
  '"\\u006dodel"',
  '"mode\\u006C"',
  '"\\u006d\\u006f\\u0064\\u0065\\u006c"',
)
const streamName = fc.constantFrom('"stream"', '"s\\u0074ream"')
const otherName = escapedString.filter(text => !['model', 'stream'].includes(JSON.parse(text)))

interface Given {
  readonly text: string
  readonly object: Record<string, unknown>
}

const body: fc.Arbitrary<Given> = fc
  .record({
    others: fc.array(fc.tuple(otherName, value), { maxLength: 5 }),
    model: fc.option(fc.tuple(modelName, fc.oneof(escapedString, value))),
    stream: fc.option(fc.tuple(streamName, fc.oneof(literal, value))),
    order: fc.infiniteStream(fc.nat()),
    spaces: fc.infiniteStream(space),
    mark: fc.boolean(),
  })
  .map(({ others, model, stream, order, spaces, mark }) => {
    const s = () => spaces.next().value as string
    const members = [...others, ...(model ? [model] : []), ...(stream ? [stream] : [])]
      .map(member => ({ member, rank: order.next().value as number }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ member: [name, item] }) => `${s()}${name}${s()}:${s()}${item}${s()}`)
    const text = `${s()}{${members.join(',') || s()}}${s()}`
    return { text: (mark ? '\ufeff' : '') + text, object: JSON.parse(text) }
  })

describe('BodyScan', () => {
  it('agrees with JSON.parse on model and stream, however the bytes are cut', () => {
    fc.assert(
      fc.property(body, cuts, ({ text, object }, at) => {
        const scan = scanned(cut(Buffer.from(text), at))
        expect(scan.problem).toBeNull()
        expect(scan.model).toBe(typeof object.model === 'string' ? object.model : null)
        expect(scan.stream).toBe(object.stream === true)
        expect(scanned(singleBytes(Buffer.from(text)))).toMatchObject({ ...plain(scan) })
      }),
      { numRuns: count(600, 50_000) },
    )
  })

  it('refuses every prefix of a body', () => {
    fc.assert(
      fc.property(body, ({ text }) => {
        const bytes = Buffer.from(text.trimEnd())
        for (let length = 0; length < bytes.length; length++) {
          expect(scanned([bytes.subarray(0, length)]).problem).not.toBeNull()
        }
      }),
      { numRuns: count(60, 2_000) },
    )
  })

  it('splices the model and leaves every other byte as it was', () => {
    fc.assert(
      fc.property(body, cuts, fc.string({ unit: 'binary' }), ({ text, object }, at, model) => {
        const chunks = cut(Buffer.from(text), at)
        const scan = scanned(chunks)
        const spliced = Buffer.concat(spliceModel(chunks, scan, model)).toString()
        if (scan.model === null) {
          expect(spliced).toBe(text)
          return
        }
        const bytes = Buffer.from(text)
        expect(JSON.parse(bytes.toString('utf8', scan.modelStart, scan.modelEnd))).toBe(scan.model)
        expect(spliced).toBe(
          bytes.toString('utf8', 0, scan.modelStart) +
            JSON.stringify(model) +
            bytes.toString('utf8', scan.modelEnd),
        )
        expect(JSON.parse(spliced.replace(/^\ufeff/, ''))).toEqual({ ...object, model })
      }),
      { numRuns: count(300, 20_000) },
    )
  })

  it.each([
    ['', 'it is empty'],
    [' \n', 'it is empty'],
    ['\ufeff', 'it is empty'],
    ['[]', 'it is not an object'],
    ['"model"', 'it is not an object'],
    ['null', 'it is not an object'],
    ['\u00a0{}', 'it is not an object'],
    ['{"model":"a"', 'it ends inside a string or an object'],
    ['{"a":"b', 'it ends inside a string or an object'],
    ['{"a":"b\\"}', 'it ends inside a string or an object'],
    ['{"a":[1}', 'it ends inside a string or an object'],
    ['{"a":1]', 'it ends inside a string or an object'],
    ['{}{}', 'it goes on after the end of the object'],
    ['{}x', 'it goes on after the end of the object'],
    ['{"a":1}}', 'it goes on after the end of the object'],
    ['{"model":"a","model":"b"}', 'it names `model` more than once'],
    ['{"model":"a","\\u006dodel":"b"}', 'it names `model` more than once'],
    ['{"\\u006Dode\\u006c":1,"x":{"model":2},"model":[]}', 'it names `model` more than once'],
    ['{"stream":true,"s\\u0074ream":false}', 'it names `stream` more than once'],
  ])('refuses %j: %s', (text, problem) => {
    expect(scanText(text).problem).toBe(problem)
    expect(scanned(singleBytes(Buffer.from(text))).problem).toBe(problem)
  })

  it.each([
    ['{"model":"a","x":tru,"y":01,"z":nope}', 'a'],
    ['{"x":{"model":"b","model":"c"},"model":"a"}', 'a'],
    ['{"messages":[{"stream":1},{"stream":2}],"model":"a"}', 'a'],
    ['{"note":"\\"model\\":\\"b\\"","model":"a"}', 'a'],
    ['{"a":"model","model":"a"}', 'a'],
    ['{"models":"b","mode":"c","Model":"d","model":"a"}', 'a'],
    ['{"model":"\\ud83d\\ude00\\u00e9é"}', '😀éé'],
    ['{"model":null}', null],
    ['{"model":7}', null],
    ['{"model":["a"]}', null],
    ['{"model":"bad \\x escape"}', null],
    ['{}', null],
  ])('leaves the rest of %j to the upstream', (text, model) => {
    expect(scanText(text)).toMatchObject({ problem: null, model })
  })

  it('reads a stream member that is true, and no other value', () => {
    expect(scanText('{"stream": true }').stream).toBe(true)
    for (const other of ['false', '"true"', '1', 'null', '[true]', '{"stream":true}']) {
      expect(scanText(`{"stream":${other}}`).stream).toBe(false)
    }
  })

  it('takes a byte order mark for part of the offsets', () => {
    const bytes = Buffer.from('\ufeff{"model":"a"}')
    const scan = scanned(singleBytes(bytes))
    expect(bytes.toString('utf8', scan.modelStart, scan.modelEnd)).toBe('"a"')
  })

  it('needs no stack for depth and no second look at long strings', () => {
    const deep = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)},"model":"deep"}`
    const long = `{"a":"${'\\\\'.repeat(500_000)}","b":"${'\\"'.repeat(500_000)}","model":"long"}`
    const began = process.cpuUsage()
    expect(scanText(deep).model).toBe('deep')
    expect(scanned(cut(Buffer.from(long), [0.1, 0.25, 0.5, 0.7500001])).model).toBe('long')
    const { user, system } = process.cpuUsage(began)
    expect(user + system).toBeLessThan(300_000)
  })
})

function plain({ model, modelStart, modelEnd, stream, problem }: BodyScan) {
  return { model, modelStart, modelEnd, stream, problem }
}
