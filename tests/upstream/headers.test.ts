import { describe, expect, it } from 'vitest'
import { readHeaders, type Upward, upwardHeaders } from '../../src/upstream/headers.ts'

const UPWARD: Upward = {
  forward: new Set(['x-team']),
  own: ['x-own', 'ours'],
  replaced: new Set(['authorization', 'x-own']),
  fallback: null,
}
const CREDENTIAL = ['authorization', 'Bearer sk-upstream'] as const

function sent(raw: readonly string[], readable = true): string[] {
  return upwardHeaders(raw, UPWARD, CREDENTIAL, readable)
}

const OURS = ['accept-encoding', 'identity', 'x-own', 'ours', ...CREDENTIAL]

describe('the head of an upstream request', () => {
  it('is the same each time, however names are written', () => {
    const raw = ['Accept', 'a/b', 'ACCEPT', 'c/d', 'X-Team', 'red', 'X-Secret', 'no', 'X-Own', 'no']
    const expected = ['accept', 'a/b', 'accept', 'c/d', 'x-team', 'red', ...OURS]
    expect(sent(raw)).toEqual(expected)
    expect(sent(raw)).toEqual(expected)
  })

  it('keeps its rules after more names than it remembers', () => {
    const many = Array.from({ length: 1_000 }, (_, i) => `X-Stainless-${i}`)
    for (const name of many) expect(sent([name, '1'])).toEqual([name.toLowerCase(), '1', ...OURS])
    for (const name of ['Cookie', 'Authorization', 'Forwarded', 'X-Late']) {
      expect(sent([name, 'no'])).toEqual(OURS)
      expect(sent([name, 'no'])).toEqual(OURS)
    }
    expect(sent(['Tracestate', 'yes'])).toEqual(['tracestate', 'yes', ...OURS])
  })

  it('leaves the content coding to the client only where the answer need not be read', () => {
    const raw = ['Accept-Encoding', 'gzip']
    expect(sent(raw)).toEqual(OURS)
    expect(sent(raw, false)).toEqual(['accept-encoding', 'gzip', 'x-own', 'ours', ...CREDENTIAL])
    expect(sent(raw)).toEqual(OURS)
  })

  it('drops what Connection names in this request, and no longer', () => {
    expect(sent(['Connection', 'X-Team', 'X-Team', 'red'])).toEqual(OURS)
    expect(sent(['X-Team', 'red'])).toEqual(['x-team', 'red', ...OURS])
  })
})

describe('the headers of an answer, for reading', () => {
  it('are the first of each name', () => {
    const parsed = { 'content-type': 'text/html', 'retry-after': ['1', '2'] }
    expect(readHeaders(parsed)).toEqual({ 'content-type': 'text/html', 'retry-after': '1' })
  })
})
