import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { globMatches } from '../../src/model/glob.ts'

describe('globMatches', () => {
  it.each([
    ['gpt-4o', 'gpt-4o', true],
    ['gpt-4o', 'gpt-4o-mini', false],
    ['gpt-*', 'gpt-4o', true],
    ['*', '', true],
    ['a*a', 'a', false],
    ['*mini', 'gpt-4o-mini', true],
    ['gpt-*-mini*', 'gpt-4o-mini-2024', true],
    ['a.c', 'abc', false],
    ['*a*b*', 'xxbxxa', false],
  ])('%s against %s: %s', (pattern, name, fits) => {
    expect(globMatches(pattern, name)).toBe(fits)
  })

  it('agrees with the regular expression it stands for', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 })
    const name = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 })
    fc.assert(
      fc.property(letters, name, (pattern, text) => {
        expect(globMatches(pattern, text)).toBe(
          new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(text),
        )
      }),
      { numRuns: 2_000 },
    )
  })

  it('takes no longer for a pattern made to backtrack', () => {
    const began = performance.now()
    globMatches(`${'*a'.repeat(200)}b`, 'a'.repeat(20_000))
    expect(performance.now() - began).toBeLessThan(100)
  })
})
