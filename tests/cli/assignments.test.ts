import { describe, expect, it } from 'vitest'
import { overridesOf, parseAssignments } from '../../src/cli/assignments.ts'

describe('parseAssignments', () => {
  it('reads settings, fields of the provider, and what goes back to its default', () => {
    expect(
      parseAssignments([
        'timeout=60s',
        'base-url=https://api.example.com/v1/',
        'path=ex',
        'kind=anthropic',
        'max_retries=',
        'headers={"X-Team":"a=b"}',
      ]),
    ).toEqual({
      baseUrl: 'https://api.example.com/v1',
      path: 'ex',
      kind: 'anthropic',
      overrides: { timeout: 60_000, max_retries: null, headers: { 'x-team': 'a=b' } },
    })
  })

  it('gives the path back to the name', () => {
    expect(parseAssignments(['path='])).toEqual({ path: null })
  })

  it.each([
    ['timeout', 2, 'form name=value'],
    ['=5', 2, 'form name=value'],
    ['timeout=soon', 2, 'timeout'],
    ['base_url=api.example.com', 2, 'https://'],
    ['base_url=', 2, 'https://'],
    ['kind=cohere', 2, 'openai, anthropic, gemini'],
    ['timeuot=5s', 3, 'no setting "timeuot"'],
    ['max_body=1MiB', 3, 'no setting "max_body"'],
    ['constructor=1', 3, 'no setting'],
  ])('refuses %s', (word, exit, message) => {
    expect(() => parseAssignments([word])).toThrowError(
      expect.objectContaining({ exit, message: expect.stringContaining(message) }),
    )
  })

  it('suggests the nearest setting', () => {
    expect(() => parseAssignments(['timeuot=5s'])).toThrowError(
      expect.objectContaining({ hint: 'Did you mean timeout?' }),
    )
  })
})

describe('overridesOf', () => {
  it('leaves out what only resets', () => {
    expect(overridesOf(parseAssignments(['timeout=5s', 'max_retries=']))).toEqual({
      timeout: 5_000,
    })
  })
})
