import { describe, expect, it } from 'vitest'
import { ModelFilter } from '../../src/model/model-filter.ts'
import { parseSetting } from '../../src/model/settings.ts'

describe('ModelFilter', () => {
  it.each<[globs: string, model: string, allowed: boolean]>([
    ['', 'gpt-4o', true],
    ['gpt-*', 'gpt-4o', true],
    ['gpt-*', 'o3', false],
    ['gpt-*,o3', 'o3', true],
    ['!gpt-4-32k', 'gpt-4o', true],
    ['!gpt-4-32k', 'gpt-4-32k', false],
    ['gpt-*,!*-preview', 'gpt-5-preview', false],
    ['!*-preview,gpt-*', 'gpt-5', true],
    ['gpt-*', '', false],
  ])('%j: %s %s', (globs, model, allowed) => {
    expect(new ModelFilter(parseSetting('models', globs)).allows(model)).toBe(allowed)
  })

  it('is open without a glob only', () => {
    expect(new ModelFilter([]).open).toBe(true)
    expect(new ModelFilter(['!x']).open).toBe(false)
  })

  it.each(['a b!c', '!', '!!x', 42, [1]])('refuses %j as a list of globs', given => {
    expect(() => parseSetting('models', given)).toThrow(/models/)
  })
})
