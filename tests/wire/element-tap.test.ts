import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BalanceError } from '../../src/base/errors.ts'
import type { Dialect, Tap } from '../../src/model/dialect.ts'
import { ElementScan } from '../../src/wire/element-scan.ts'
import { gemini } from '../../src/wire/gemini.ts'
import { LONGEST_EVENT } from '../../src/wire/sse.ts'
import { cut, cuts, singleBytes } from './chunks.ts'
import { GEMINI } from './streams.ts'

const array = gemini.array as Dialect
/** As Google sends a stream without `alt=sse`. */
const ELEMENTS = GEMINI.map(event => event.replace(/^data: /, '').trim())
const ARRAY = `[${ELEMENTS.join('\n,\n')}\n]\n`

function tapped(text: string): Tap {
  const tap = array.streamTap()
  tap.push(Buffer.from(text))
  tap.end()
  return tap
}

function scanned(chunks: readonly Buffer[]): string[] {
  const scan = new ElementScan()
  const found: string[] = []
  for (const chunk of chunks) {
    scan.push(chunk)
    while (scan.next()) found.push(scan.data.toString())
  }
  return found
}

describe('the elements of a JSON array', () => {
  it('are found whole, however the bytes are cut', () => {
    const elements = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 4 })
    const pretty = fc.constantFrom(undefined, 2)
    fc.assert(
      fc.property(elements, pretty, cuts, (given, indent, at) => {
        const bytes = Buffer.from(JSON.stringify(given, null, indent))
        for (const chunks of [cut(bytes, at), singleBytes(bytes)]) {
          expect(scanned(chunks).map(text => JSON.parse(text))).toEqual(JSON.parse(String(bytes)))
        }
      }),
    )
  })

  it('of a document that is no array are the document', () => {
    expect(scanned([Buffer.from(' {"a":[{"b":"}"}]} ')])).toEqual(['{"a":[{"b":"}"}]}'])
  })

  it('larger than what is looked into are passed over', () => {
    const scan = new ElementScan()
    scan.push(Buffer.from(`[{"a":"${'x'.repeat(LONGEST_EVENT)}"},{"b":1}]`))
    expect([scan.next(), scan.oversized, scan.data.length]).toEqual([true, true, 0])
    expect([scan.next(), scan.oversized, String(scan.data)]).toEqual([true, false, '{"b":1}'])
  })
})

describe('the tap of a Gemini stream without alt=sse', () => {
  const usage = { prompt: 10, cached: 3, completion: 45, reasoning: 40 }

  it('sees what the one of its event stream sees, however the bytes are cut', () => {
    const whole = { meaningful: true, terminated: true, failure: null, usage }
    expect(tapped(ARRAY)).toMatchObject(whole)
    fc.assert(
      fc.property(cuts, at => {
        const tap = array.streamTap()
        for (const chunk of cut(Buffer.from(ARRAY), at)) tap.push(chunk)
        expect(tap).toMatchObject(whole)
      }),
    )
  })

  it('says "meaningful" with the first element that says something', () => {
    expect(tapped(`[${ELEMENTS[0]}`).meaningful).toBe(false)
    expect(tapped(`[${ELEMENTS.slice(0, 2).join(',')}`).meaningful).toBe(true)
  })

  it('is complete once it is closed, whatever its last element says', () => {
    expect(tapped(ARRAY.slice(0, ARRAY.lastIndexOf(']'))).terminated).toBe(false)
    expect(tapped('[]')).toMatchObject({ terminated: true, failure: null })
  })

  it('finds an error among the elements', () => {
    const error = '{"error":{"code":503,"message":"Overloaded.","status":"UNAVAILABLE"}}'
    expect(tapped(`[${ELEMENTS[1]},${error}]`).failure).toMatchObject({ fault: 'provider' })
  })

  it('is broken off by an element of its own, in an array that is closed', () => {
    const told = array.errorEvent(new BalanceError('upstream_stream_interrupted', 'It broke.'), 'r')
    const elements = JSON.parse(`[${ELEMENTS.slice(0, 2).join(',')}${told}`)
    expect(elements[2]).toMatchObject({ error: { code: 502, message: 'It broke.' } })
  })
})
