import { describe, expect, it } from 'vitest'
import { AnswerScan } from '../../src/bench/client.ts'

const PLAIN = 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world'
const CHUNKED =
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n'

describe('the scan of an answer', () => {
  it.each([
    ['a length', PLAIN],
    ['chunks', CHUNKED],
  ])('with %s finds its end wherever it is cut', (_, answer) => {
    const bytes = Buffer.from(answer)
    for (let first = 1; first < bytes.length - 1; first++) {
      for (let second = first + 1; second < bytes.length; second++) {
        const scan = new AnswerScan()
        expect(scan.push(bytes.subarray(0, first))).toBe(false)
        expect(scan.push(bytes.subarray(first, second))).toBe(false)
        expect(scan.push(bytes.subarray(second))).toBe(true)
        expect(scan.bytes).toBe(11)
      }
    }
  })

  it('goes on with the next answer of the connection', () => {
    const scan = new AnswerScan()
    expect(scan.push(Buffer.from(CHUNKED))).toBe(true)
    expect(scan.push(Buffer.from(PLAIN.replace('11', '2').replace('hello world', 'ok')))).toBe(true)
    expect(scan.bytes).toBe(2)
  })

  it('takes nothing but 200 for an answer', () => {
    const refused = Buffer.from('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n')
    expect(() => new AnswerScan().push(refused)).toThrow(
      /^Answered: HTTP\/1\.1 503 Service Unavailable$/,
    )
  })

  it('says what a refusal says', () => {
    const refused = Buffer.from('HTTP/1.1 503 Busy\r\ncontent-length: 13\r\n\r\n{"code":"so"}')
    expect(() => new AnswerScan().push(refused)).toThrow('503 Busy {"code":"so"}')
  })
})
