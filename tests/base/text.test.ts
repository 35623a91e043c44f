import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nearest, printable } from '../../src/base/text.ts'

describe('printable', () => {
  it('escapes what a terminal would obey', () => {
    expect(printable('a\u001b[31mred\r\n\u0000\u202ex')).toBe(
      'a\\u001b[31mred\\u000d\\u000a\\u0000\\u202ex',
    )
  })

  it('cuts on a character border', () => {
    expect(printable('👋'.repeat(200))).toMatch(/^(👋)+…$/u)
  })

  it('never gives more than the limit, nor a control character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 8, max: 64 }), (text, limit) => {
        const shown = printable(text, limit)
        expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(limit)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the point
        expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
      }),
    )
  })
})

describe('nearest', () => {
  it.each([
    ['opena', 'openai'],
    ['oepnai', 'openai'],
    ['OpenAI', 'openai'],
    ['max_faliures', 'max_failures'],
  ])('%s means %s', (slip, meant) => {
    expect(nearest(slip, ['openai', 'anthropic', 'max_failures', 'max_retries'])).toBe(meant)
  })

  it('says nothing where nothing is near', () => {
    expect(nearest('zebra', ['openai', 'anthropic'])).toBeNull()
  })
})
