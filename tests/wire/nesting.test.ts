import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { MemberScan } from '../../src/wire/members.ts'
import { type Nesting, openNesting } from '../../src/wire/nesting.ts'
import { count } from '../support/count.ts'
import { cut, cuts } from './chunks.ts'

const nesting = openNesting() as Nesting

afterEach(() => {
  vi.unstubAllGlobals()
})

/** What a scan found; without `nesting` byte by byte. */
function found(chunks: readonly Buffer[], nesting: Nesting | null) {
  const scan = new MemberScan(['a', 'b'], 100_000, nesting)
  for (const chunk of chunks) scan.push(chunk)
  const members = scan.members.map(({ count, start, end, raw }) => [
    count,
    start,
    end,
    raw?.toString('latin1') ?? null,
  ])
  return { members, complete: scan.complete, trailing: scan.trailing, shape: scan.shape }
}

/** By itself fast-check makes nothing long, and what is short is read byte by byte. */
const LONG = { size: 'max' } as const

/** Where a value begins, so that what follows is inside of it. */
const opening = fc.constantFrom('{"a":[', '{"a":[[[{"x":', '{"a":"', '[{"a":{"a":[', '["', '[', '{')
const bytes = fc.oneof(
  fc.uint8Array({ ...LONG, maxLength: 400 }).map(given => Buffer.from(given)),
  ...['"\\[]{},: x', '"\\x', '\\x"', '[]{}x', 'xyz[]', '[[]]""', '\\\\\\\\"x]'].map(letters =>
    fc
      .string({ ...LONG, unit: fc.constantFrom(...letters), maxLength: 400 })
      .map(given => Buffer.from(given)),
  ),
  fc
    .array(fc.string({ ...LONG, unit: fc.constantFrom(...'"\\x[}'), maxLength: 300 }), {
      maxLength: 4,
    })
    .map(given => Buffer.from(JSON.stringify(given))),
  fc.json({ maxDepth: 8 }).map(given => Buffer.from(given)),
  fc
    .string({ ...LONG, unit: 'binary', maxLength: 300 })
    .map(given => Buffer.from(JSON.stringify(given))),
)
const document = fc
  .tuple(
    opening,
    fc.array(bytes, { ...LONG, maxLength: 4 }),
    fc.constantFrom('', ']}', '"}', ',"b":"x"}'),
  )
  .map(([begin, middle, end]) => Buffer.concat([Buffer.from(begin), ...middle, Buffer.from(end)]))

describe('a scan with WebAssembly and one byte by byte', () => {
  it('find the same in JSON and in anything else, however it is cut', () => {
    fc.assert(
      fc.property(document, cuts, (text, at) => {
        const bytewise = found([text], null)
        expect(found([text], nesting)).toEqual(bytewise)
        expect(found(cut(text, at), nesting)).toEqual(bytewise)
      }),
      // Of so much text none is made smaller in time.
      { numRuns: count(2_000, 200_000), endOnFailure: true },
    )
  })

  it('find the same at every place of a step', () => {
    const pieces = ['"', '\\', '\\\\', '\\"', '"]', '}', '[{', ']]]', 'x']
    for (const begin of ['{"a":[', '{"a":"', '{"a":["']) {
      for (const piece of pieces) {
        for (let place = 200; place < 265; place++) {
          const text = `${begin}${'x'.repeat(place)}${piece}${'y'.repeat(70)}"],"b":"${piece}"}`
          const padded = Buffer.from(text.padEnd(700))
          expect(found([padded], nesting)).toEqual(found([padded], null))
        }
      }
    }
  })

  it('find the same in chunks that are longer than its window', () => {
    const text = Buffer.from(
      JSON.stringify({ a: 'x"\\'.repeat(40_000), c: [[['y'.repeat(90_000)]]], b: [{}, '}'] }),
    )
    const bytewise = found([text], null)
    expect(bytewise.complete).toBe(true)
    expect(found([text], nesting)).toEqual(bytewise)
  })

  it('find the same where a chunk is filled anew', () => {
    const chunk = Buffer.alloc(1_000, 'x')
    const scan = new MemberScan(['a'], 0, nesting)
    scan.push(Buffer.from('{"a":["'))
    scan.push(chunk)
    scan.push(chunk.fill(']'))
    chunk.fill('y').write('"]}', 500)
    scan.push(chunk)
    expect(scan).toMatchObject({ complete: true, trailing: true })
    expect(scan.members[0]?.end).toBe(7 + 2_000 + 502)
  })
})

describe('Nesting', () => {
  function skipped(text: string, from: number, depth: number, inString: boolean) {
    const at = nesting.skip(Buffer.from(text), from, depth, inString, false)
    nesting.forget()
    const { depth: left, inString: inside, escaped } = nesting
    return { at, depth: left, inString: inside, escaped }
  }

  it('stops before the bracket that leaves none open', () => {
    const text = `${'[{"]":1}],'.repeat(30)}]${'x'.repeat(64)}`
    expect(skipped(text, 0, 1, false)).toEqual({
      at: 300,
      depth: 1,
      inString: false,
      escaped: false,
    })
  })

  it('stops before the quote that ends the string where no bracket is open', () => {
    const text = `${'\\"[}\\\\'.repeat(50)}"${'x'.repeat(64)}`
    expect(skipped(text, 0, 0, true)).toEqual({ at: 300, depth: 0, inString: true, escaped: false })
  })

  it('goes as far as whole steps go, and says what it left open', () => {
    const text = `["${'x'.repeat(61)}\\${'x'.repeat(63)}`
    expect(skipped(text, 0, 1, false)).toEqual({ at: 64, depth: 2, inString: true, escaped: true })
    expect(skipped('x'.repeat(63), 0, 1, false).at).toBe(0)
  })

  it('leaves a step to others that has a backslash outside of strings', () => {
    expect(skipped(`${'x'.repeat(70)}\\"${'x'.repeat(90)}`, 0, 1, false).at).toBe(64)
  })
})

describe('without WebAssembly', () => {
  it('a scan goes byte by byte', () => {
    vi.stubGlobal('WebAssembly', undefined)
    expect(openNesting()).toBeNull()
    const jitless = spawnSync(process.execPath, ['--jitless', '-p', 'typeof WebAssembly'])
    expect(jitless.stdout.toString().trim()).toBe('undefined')
  })

  it('that refuses the module it does so too', () => {
    const refuse = () => {
      throw new Error('Wasm SIMD unsupported')
    }
    vi.stubGlobal('WebAssembly', { Module: refuse, Instance: refuse })
    expect(openNesting()).toBeNull()
  })
})
