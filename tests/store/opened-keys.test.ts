import { describe, expect, it } from 'vitest'
import type { SealedKeyRow } from '../../src/store/key-rows.ts'
import { isSameRow } from '../../src/store/opened-keys.ts'

const ROW: SealedKeyRow = {
  id: 'k_1',
  provider_id: 'p_1',
  label: 'key-1',
  weight: 1,
  tier: 1,
  enabled: 1,
  generation: 1,
  masked: 'sk-…def0',
  reference: null,
  sealed: Buffer.from('sealed'),
  rpm: null,
  concurrency: null,
  proxy: null,
  origin: 'command',
  created_at: 1,
}

describe('a row of a key', () => {
  it('is the same where every column is', () => {
    expect(isSameRow(ROW, { ...ROW, sealed: Buffer.from('sealed') })).toBe(true)
  })

  it.each(Object.keys(ROW))('is another with another %s', column => {
    const other = column === 'sealed' ? Buffer.from('sealeD') : 'other'
    expect(isSameRow(ROW, { ...ROW, [column]: other })).toBe(false)
    expect(isSameRow({ ...ROW, [column]: null }, { ...ROW, [column]: other })).toBe(false)
  })
})
