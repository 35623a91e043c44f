import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  isRouteModel,
  isTargetModel,
  parseTarget,
  spellTarget,
} from '../../src/model/route-fields.ts'

describe('the model of a route', () => {
  it.each(['gpt-4o', '*', 'gpt-*-mini', 'meta/llama3:8b', '日本語', '😀'.repeat(256)])(
    'may be %j',
    model => {
      expect(isRouteModel(model)).toBe(true)
      expect(isTargetModel(model)).toBe(!model.includes('*'))
    },
  )

  it.each(['', ' ', 'a b', 'a,b', 'a\n', 'a\u0000', '\u202ea', 'a\ud800', 'x'.repeat(257)])(
    'may not be %j',
    model => {
      expect(isRouteModel(model)).toBe(false)
      expect(isTargetModel(model)).toBe(false)
    },
  )
})

describe('a target', () => {
  it.each([
    ['openai', 'openai', null],
    ['openai:gpt-4o', 'openai', 'gpt-4o'],
    ['ollama:llama3:8b', 'ollama', 'llama3:8b'],
    ['ollama::', 'ollama', ':'],
  ])('is read from %j', (text, provider, model) => {
    expect(parseTarget(text)).toEqual({ provider, model })
  })

  it.each(['', ':', ':gpt-4o', 'openai:'])('is not %j', text => {
    expect(() => parseTarget(text)).toThrow(expect.objectContaining({ code: 'invalid_value' }))
  })

  it('is spelled as it is read, whatever colons the model has', () => {
    const provider = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/)
    const model = fc.option(fc.string({ minLength: 1 }))
    fc.assert(
      fc.property(provider, model, (provider, model) => {
        expect(parseTarget(spellTarget({ provider, model }))).toEqual({ provider, model })
      }),
    )
  })
})
