import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { checkValue, newDataKey, Seal, unwrapDataKey } from '../../src/store/seal.ts'

const BINDING = { table: 'provider_keys', id: 'k_a', provider: 'openai', origin: 'https://a.b' }

describe('seal', () => {
  const seal = new Seal(randomBytes(32))

  it('opens what it has sealed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const opened = seal.open(seal.seal(new Secret(text), BINDING), BINDING)
        if (opened?.reveal() !== text) throw new Error('It came back changed.')
      }),
    )
  })

  it('refuses every flipped bit and every truncation', () => {
    const sealed = seal.seal(new Secret('sk-secret'), BINDING)
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(seal.open(changed, BINDING)).toBeNull()
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(seal.open(sealed.subarray(0, length), BINDING)).toBeNull()
    }
  })

  it.each([
    { ...BINDING, table: 'tokens' },
    { ...BINDING, id: 'k_b' },
    { ...BINDING, provider: 'other' },
    { ...BINDING, origin: 'http://a.b' },
    { ...BINDING, id: 'k_aopenai', provider: '' },
  ])('refuses another place: %j', other => {
    expect(seal.open(seal.seal(new Secret('sk-secret'), BINDING), other)).toBeNull()
  })

  it('refuses another data key', () => {
    const other = new Seal(randomBytes(32))
    expect(other.open(seal.seal(new Secret('sk-secret'), BINDING), BINDING)).toBeNull()
  })

  it('never gives the same bytes twice, nor any of the secret', () => {
    const secret = new Secret('sk-secret-that-repeats')
    const sealed = Array.from({ length: 100 }, () => seal.seal(secret, BINDING).toString('latin1'))
    expect(new Set(sealed).size).toBe(100)
    for (const bytes of sealed) expect(bytes).not.toContain('secret')
  })

  it('has equal fingerprints for equal secrets, and only under one data key', () => {
    const print = (text: string, by = seal) => by.fingerprint(new Secret(text)).toString('hex')
    expect(print('a')).toBe(print('a'))
    expect(print('a')).not.toBe(print('A'))
    expect(print('a')).not.toBe(print('a', new Seal(randomBytes(32))))
  })
})

describe('wrapped data key', () => {
  it('is unwrapped by the master key that wrapped it, and by no other', () => {
    const master = randomBytes(32)
    const { dataKey, wrapped } = newDataKey(master)
    expect(unwrapDataKey(master, wrapped)).toEqual(dataKey)
    expect(unwrapDataKey(randomBytes(32), wrapped)).toBeNull()
    expect(checkValue(master)).toEqual(checkValue(Buffer.from(master)))
    expect(checkValue(master)).not.toEqual(checkValue(randomBytes(32)))
  })
})
