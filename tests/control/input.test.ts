import { describe, expect, it } from 'vitest'
import { OPERATIONS } from '../../src/control/api.ts'
import { parseInput } from '../../src/control/input.ts'
import { refusal } from '../support/refusal.ts'

const list = (given: unknown) => parseInput('keys.list', OPERATIONS['keys.list'].input, given)

describe('what is given to an operation', () => {
  it('has its defaults, and numbers also where a query has texts', () => {
    const defaults = { sort: 'created', order: 'asc', limit: 50, offset: 0 }
    expect(list({})).toEqual(defaults)
    expect(list({ limit: '7', offset: '20' })).toEqual({ ...defaults, limit: 7, offset: 20 })
  })

  it.each([
    [{ limit: '7; drop table keys' }],
    [{ limit: '' }],
    [{ limit: '-1' }],
    [{ limit: '1e2' }],
    [{ limit: 1.5 }],
    [{ limit: null }],
    [{ limit: true }],
    [{ limit: [7] }],
    [{ limit: 0 }],
    [{ limit: 201 }],
    [{ offset: '9'.repeat(16) }],
    [{ sort: 'label; --' }],
    [{ sort: '__proto__' }],
    [{ sort: 'constructor' }],
    [{ order: 'asc,' }],
    [{ state: 'gone' }],
    [{ q: 'x'.repeat(257) }],
    [{ provider: '' }],
    [{ provider: ['a'] }],
    [{ surprise: 1 }],
    [JSON.parse('{"__proto__":{"limit":7}}')],
    [JSON.parse('{"constructor":{"prototype":{"limit":7}}}')],
    [null],
    [[]],
    ['limit=7'],
  ])('%j is refused', given => {
    expect(refusal(() => list(given)).code).toBe('invalid_value')
  })

  it('is never repeated: it may be a secret', () => {
    const { input } = OPERATIONS['keys.change']
    const secret = 'sk-never-0123456789abcdef'
    const wrong = [
      { key: 'k', secret: [secret] },
      { key: 'k', weight: secret },
      { key: 'k', secret: secret.repeat(400) },
    ]
    for (const given of wrong) {
      const { message, hint } = refusal(() => parseInput('keys.change', input, given))
      expect(message + hint).not.toContain(secret)
    }
  })
})
