import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Answer, answerIn, markOf, piecesOf } from '../../src/bench/answers.ts'
import { requestBytes } from '../../src/bench/request.ts'
import { RequestScan } from '../../src/bench/request-scan.ts'
import { body, JSON_TRAFFIC, requestBody, streamed } from '../../src/bench/traffic.ts'

const ANSWER: Answer = { kind: 'prompt', count: 20, pace: 50 }
const DOOR = { port: 1, path: '/v1/chat/completions', headers: { authorization: 'Bearer x' } }

describe('what a request asks the upstream for', () => {
  it('is found in it, however a gateway writes it anew', () => {
    const asked = JSON.parse(requestBody(streamed(ANSWER))) as object
    expect(answerIn(JSON.stringify(asked, null, 2))).toEqual(ANSWER)
    expect(answerIn(requestBody(JSON_TRAFFIC))).toBeNull()
  })

  it('is an answer of so many events, each a document, and the last word', () => {
    const pieces = piecesOf(ANSWER)
    expect(pieces).toHaveLength(20)
    for (const piece of pieces) JSON.parse(piece.split('\n')[0]?.slice('data: '.length) ?? '')
    expect(pieces.at(-1)).toMatch(/\n\ndata: \[DONE\]\n\n$/)
    expect(new Set(piecesOf({ kind: 'bytes', count: 1, pace: 5 }).map(one => one.length))).toEqual(
      new Set([1]),
    )
  })

  it.each([true, false])('is a body of the size, the model last: %s', last => {
    const text = requestBody(body(100_000, last))
    const members = Object.keys(JSON.parse(text) as object)
    expect(members).toEqual(last ? ['messages', 'model'] : ['model', 'messages'])
    expect(text.length).toBeGreaterThan(100_000)
    expect(text.length).toBeLessThan(110_000)
  })
})

describe('the scan of requests', () => {
  const plain = requestBytes(DOOR, streamed(ANSWER))
  const chunked = Buffer.from(
    `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n18\r\n${markOf(ANSWER)}\r\n0\r\n\r\n`,
  )

  it('finds the end of each, wherever it is cut', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(plain, chunked),
        fc.array(fc.nat(), { minLength: 1, maxLength: 5 }),
        (request, cuts) => {
          const scan = new RequestScan()
          for (let turn = 0; turn < 2; turn++) {
            const places = [...new Set(cuts.map(cut => cut % request.length)), request.length]
              .filter(place => place > 0)
              .sort((a, b) => a - b)
            const complete = places.map((to, i) =>
              scan.push(request.subarray(i === 0 ? 0 : (places[i - 1] ?? 0), to)),
            )
            expect(complete.indexOf(true)).toBe(places.length - 1)
            expect(answerIn(scan.start)).toEqual(ANSWER)
          }
        },
      ),
    )
  })

  it('keeps no more of a large body than it looks at', () => {
    const scan = new RequestScan()
    const request = requestBytes(DOOR, body(2_000_000, true))
    const pieces = Array.from({ length: Math.ceil(request.length / 65_536) }, (_, i) =>
      request.subarray(i * 65_536, (i + 1) * 65_536),
    )
    const complete = pieces.map(piece => scan.push(piece))
    expect(complete.indexOf(true)).toBe(pieces.length - 1)
    expect([scan.start, scan.head.startsWith('POST ')]).toEqual(['', true])
  })
})
