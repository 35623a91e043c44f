import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatPlace,
  LETTERS,
  PAGES,
  pageOfLetter,
  parsePlace,
} from '../../../src/control/dashboard/data/router.ts'

describe('a place', () => {
  it.each([
    ['', { page: 'overview', item: null, query: {} }],
    ['#/nowhere/x?a=1', { page: 'overview', item: null, query: {} }],
    ['#/keys', { page: 'keys', item: null, query: {} }],
    ['#/keys/k_1', { page: 'keys', item: 'k_1', query: {} }],
    [
      '#/keys?state=invalid&q=a%20b',
      { page: 'keys', item: null, query: { state: 'invalid', q: 'a b' } },
    ],
    ['#/providers/%zz', { page: 'providers', item: '%zz', query: {} }],
  ])('is read from %j', (hash, place) => {
    expect(parsePlace(hash)).toEqual(place)
  })

  it('is found again by its hash, whatever is in it', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 })
    fc.assert(
      fc.property(
        fc.constantFrom(...PAGES),
        fc.option(text),
        fc.dictionary(text, text, { noNullPrototype: true }),
        (page, item, query) => {
          const hash = formatPlace({ page, item, query })
          expect(parsePlace(hash)).toEqual({ page, item, query })
          expect(hash).toMatch(/^#\/[\x21-\x7e]*$/)
        },
      ),
    )
  })

  it('leaves out of its query what is empty', () => {
    expect(formatPlace({ page: 'keys', item: null, query: { q: '', state: 'sealed' } })).toBe(
      '#/keys?state=sealed',
    )
  })
})

it('has a letter for each page, and one only', () => {
  expect(new Set(Object.values(LETTERS)).size).toBe(PAGES.length)
  for (const page of PAGES) expect(pageOfLetter(LETTERS[page])).toBe(page)
  expect(pageOfLetter('z')).toBeNull()
})
