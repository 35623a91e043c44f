import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BalanceError } from '../../src/base/errors.ts'
import { parseSecretLines } from '../../src/model/secret-lines.ts'

function values(text: string): string[] {
  return parseSecretLines(text, 'stdin').map(secret => secret.reveal())
}

function faultOf(text: string): BalanceError {
  try {
    parseSecretLines(text, 'stdin')
  } catch (error) {
    if (error instanceof BalanceError) return error
  }
  throw new Error('It was taken.')
}

describe('parseSecretLines', () => {
  it('takes one a line and skips blank lines and comments', () => {
    expect(values('# mine\nsk-one\n\n   \n#sk-old\nsk-two')).toEqual(['sk-one', 'sk-two'])
  })

  it('takes off blanks, carriage returns, a byte order mark and one pair of quotes', () => {
    expect(values('\uFEFF  sk-one \r\n"sk-two"\r\n \' sk-three \' \r')).toEqual([
      'sk-one',
      'sk-two',
      'sk-three',
    ])
  })

  it('leaves a single or unmatched quote alone', () => {
    expect(values('"sk-one\n"\nsk-two\'')).toEqual(['"sk-one', '"', "sk-two'"])
  })

  it('takes references', () => {
    expect(values('env:OPENAI_API_KEY\nfile:/run/key')).toEqual([
      'env:OPENAI_API_KEY',
      'file:/run/key',
    ])
  })

  it.each([
    ['sk-good\nsk-bad value', 'Line 2 of stdin has a blank inside.'],
    ['\n\nsk-bad\tvalue', 'Line 3 of stdin has a blank inside.'],
    ['sk-schlüssel', 'Line 1 of stdin has a character that no key has.'],
    ['sk-\u0007bell', 'Line 1 of stdin has a character that no key has.'],
    [`sk-${'x'.repeat(10_000)}`, 'Line 1 of stdin is longer than any key.'],
  ])('refuses %j by line number, without repeating it', (text, message) => {
    const error = faultOf(text)
    expect(error).toMatchObject({ code: 'invalid_value', exit: 2, message })
    expect(`${error.message} ${error.hint}`).not.toContain('bad')
  })

  it.each(['', '\n\n', '# only a comment\n', '""'])('refuses %j: there is no key', text => {
    expect(faultOf(text)).toMatchObject({ code: 'usage', exit: 2 })
  })

  it('gives back every list of well-formed keys, whatever the line ends', () => {
    const secret = fc.stringMatching(/^[a-zA-Z0-9_-]{1,60}$/)
    const end = fc.constantFrom('\n', '\r\n', '\n\n', '  \n')
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1 }), end, (secrets, newline) => {
        expect(values(secrets.join(newline))).toEqual(secrets)
      }),
    )
  })
})
