import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packRecords, unpackRecords } from '../../src/store/record-message.ts'
import { failed, record } from '../support/record.ts'

const text = fc.string({ unit: 'binary' })
const count = fc.option(fc.nat(), { nil: null })
const time = fc.option(fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }), { nil: null })
const named = fc.option(text, { nil: null })

const records = fc.array(
  fc
    .record({
      time: fc.nat(),
      requestId: text,
      token: named,
      provider: named,
      keyId: named,
      model: named,
      modelServed: named,
      method: text,
      path: text,
      status: fc.nat(),
      outcome: text,
      attempts: fc.nat(),
      stream: fc.boolean(),
      bytesIn: fc.nat(),
      bytesOut: fc.nat(),
      firstByteMs: time,
      firstTokenMs: time,
      ms: fc.nat(),
      promptTokens: count,
      cachedTokens: count,
      completionTokens: count,
      reasoningTokens: count,
      errorCode: named,
      failures: fc.array(text.map(excerpt => failed('server', { excerpt }))),
    })
    .map(record),
)

describe('records on their way to the store', () => {
  it('arrive as they were sent', () => {
    fc.assert(
      fc.property(records, sent => {
        expect(unpackRecords(packRecords(sent))).toEqual(sent)
      }),
    )
  })
})
