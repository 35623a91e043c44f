import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/base/secret.ts'
import { isPassword, keptPassword } from '../../../src/control/admin/password.ts'

const GOOD = 'tréfle violet à quatre heures'

describe('a password', () => {
  it('is kept as scrypt makes it, at the cost that OWASP asks for, with a salt of its own', async () => {
    const [one, two] = [await keptPassword(new Secret(GOOD)), await keptPassword(new Secret(GOOD))]
    expect(one).toMatchObject({ cost: 131_072, blockSize: 8, parallelization: 1 })
    expect(one.hash).toMatch(/^[0-9a-f]{64}$/)
    expect(one.salt).toMatch(/^[0-9a-f]{32}$/)
    expect(two.salt).not.toBe(one.salt)
    expect(two.hash).not.toBe(one.hash)
    expect(await isPassword(GOOD, one)).toBe(true)
    expect(await isPassword(GOOD.normalize('NFD'), one)).toBe(true)
    expect(await isPassword(`${GOOD} `, one)).toBe(false)
    expect(await isPassword('', one)).toBe(false)
  })

  it('is none where there is none, whatever is given', async () => {
    expect(await isPassword('', null)).toBe(false)
    expect(await isPassword(GOOD, null)).toBe(false)
  })

  it.each([
    ['short', 'abc def ghi'],
    ['short in characters', '😀'.repeat(11)],
    ['endless', 'correct horse '.repeat(100)],
    ['one letter', 'aaaaaaaaaaaa'],
    ['one piece', 'abc123abc123abc'],
    ['digits in a row', '123456789012'],
    ['the alphabet', 'abcdefghijklmn'],
    ['a row of keys', 'qwertyuiop[]'],
    ['keys in columns', '1qaz2wsx3edc'],
    ['a known word', 'password1234'],
    ['a known word in disguise', 'P@$$w0rd2024!'],
    ['what this is', 'balance-admin'],
    ['a phrase of such words', 'changeme_please1'],
    ['a default', 'Administrator1!'],
  ])('is refused where it is %s, and not repeated', async (_, text) => {
    const error = await keptPassword(new Secret(text)).catch(e => e)
    expect(error).toMatchObject({ code: 'invalid_value' })
    expect(`${error.message} ${error.hint}`).not.toContain(text)
  })

  it.each([
    'correct horse battery',
    '9fJ2-kd83-PqLm',
    'passage to the moon',
    'Ünïcödé-wörter',
    'x7!x7?x9,x1;',
  ])('is taken: %s', async text => {
    expect(await isPassword(text, await keptPassword(new Secret(text)))).toBe(true)
  })
})
