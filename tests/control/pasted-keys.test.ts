import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePastedKeys } from '../../src/control/pasted-keys.ts'

const parse = (text: string, references = true) => {
  const { keys, rejected } = parsePastedKeys(text, references)
  return { keys: keys.map(({ value, label }) => [value.reveal(), label]), rejected }
}

describe('pasted keys', () => {
  it('are values, with labels behind them', () => {
    const text = '\uFEFFsk-a\r\n# no key\r\n  "sk-b"  \n\nsk-c\tthe third one \nenv:NAME mine'
    expect(parse(text)).toEqual({
      keys: [
        ['sk-a', undefined],
        ['sk-b', undefined],
        ['sk-c', 'the third one'],
        ['env:NAME', 'mine'],
      ],
      rejected: [],
    })
  })

  it.each([
    ['sk-ü', 'holds characters that no HTTP header can carry'],
    [`sk-${'x'.repeat(4_094)}`, 'is longer than 4096 characters'],
    [`sk-a ${'x'.repeat(65)}`, 'has a label that cannot be one'],
    ['env:NAME', 'is a reference, which only the host may give'],
    ['file:/etc/passwd label', 'is a reference, which only the host may give'],
  ])('%s is rejected by its line', (line, reason) => {
    expect(parse(`sk-good\n${line}`, false).rejected).toEqual([{ line: 2, reason }])
  })

  it('are refused where there is none', () => {
    expect(() => parse('\n# none\n')).toThrow('There is no secret in what was pasted.')
  })

  it('are never repeated in a reason', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 12, unit: 'grapheme' })), lines => {
        const text = `sk-good\n${lines.join('\n')}`
        for (const { line, reason } of parse(text, false).rejected) {
          const written = text.split(/\r\n|\r|\n/)[line - 1]?.trim() ?? ''
          expect(reason).not.toContain(written)
        }
      }),
    )
  })
})
