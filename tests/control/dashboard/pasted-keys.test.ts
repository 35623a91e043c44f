import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mask } from '../../../src/base/secret.ts'
import { parsePastedKeys } from '../../../src/control/dashboard/data/pasted-keys.ts'

const LONG = 'sk-abcdefghijklmnop1234'

describe('pasted lines', () => {
  it.each([
    [LONG, { masked: 'sk-…1234', label: '', fault: null }],
    [`  ${LONG}\t my label `, { masked: 'sk-…1234', label: 'my label', fault: null }],
    [`"${LONG}" x`, { masked: 'sk-…1234', label: 'x', fault: null }],
    [`'${LONG}'`, { masked: 'sk-…1234', label: '', fault: null }],
    ['short', { masked: '…', label: '', fault: null }],
    ['env:OPENAI_KEY', { fault: 'reference' }],
    ['file:/run/key', { fault: 'reference' }],
    ['schlüssel', { fault: 'characters' }],
    ['""', { fault: 'characters' }],
    ['x'.repeat(4_097), { fault: 'long' }],
    [`${LONG} ${'l'.repeat(65)}`, { fault: 'label' }],
    [`${LONG} a\u0007b`, { fault: 'label' }],
  ])('%j', (line, expected) => {
    expect(parsePastedKeys(line)).toMatchObject([{ line: 1, ...expected }])
  })

  it('are numbered as they stand, blank ones and comments too', () => {
    const keys = parsePastedKeys(`\uFEFF# keys\r\n\r\n${LONG}\r${LONG}5\n${LONG} twice`)
    expect(keys.map(({ line, fault }) => [line, fault])).toEqual([
      [3, null],
      [4, null],
      [5, 'duplicate'],
    ])
  })

  it('never show more of a value than the gateway does', () => {
    const value = fc.stringMatching(/^[\x21-\x7e]{1,60}$/).filter(text => !/^["'#]/.test(text))
    fc.assert(
      fc.property(value, text => {
        expect(parsePastedKeys(text).map(({ masked }) => masked)).toEqual([mask(text)])
      }),
    )
  })
})
