import { describe, expect, it } from 'vitest'
import { MemberScan } from '../../src/wire/members.ts'
import { singleBytes } from './chunks.ts'

function scanned(text: string, names: readonly string[], keep = 1_000): MemberScan {
  const scan = new MemberScan(names, keep)
  for (const chunk of singleBytes(Buffer.from(text))) scan.push(chunk)
  return scan
}

function values(scan: MemberScan): (string | undefined)[] {
  return scan.members.map(({ raw }) => raw?.toString())
}

describe('MemberScan', () => {
  it('finds values of every type with their offsets', () => {
    const text = '{"a" : {"b":"}"} , "b":[ "]" ],"c":-1.5e3 ,"d":null,"e":"x\\"y"}'
    const scan = scanned(text, ['a', 'b', 'c', 'd', 'e', 'f'])
    expect(values(scan)).toEqual(['{"b":"}"}', '[ "]" ]', '-1.5e3', 'null', '"x\\"y"', undefined])
    for (const { start, end, raw } of scan.members) {
      if (raw) expect(text.slice(start, end)).toBe(raw.toString())
    }
    expect(scan).toMatchObject({ complete: true, trailing: false, shape: 'object' })
  })

  it('reads the members of all objects in an array, the last one last', () => {
    const scan = scanned('[{"u":{"n":1}},\n{"x":[{"u":9}],"u":{"n":2}}]', ['u'])
    expect(values(scan)).toEqual(['{"n":2}'])
    expect(scan).toMatchObject({ complete: true, shape: 'array' })
    expect(scan.members[0]?.count).toBe(2)
  })

  it.each(['[]', '[[0.1,0.2],[0.3]]', '["u",{"u":1}]', '[[["u"]],"]"]', '[1,2]'])(
    'sees the end of %s',
    text => {
      expect(scanned(text, ['u']).complete).toBe(true)
      for (let length = 0; length < text.length; length++) {
        expect(scanned(text.slice(0, length), ['u']).complete).toBe(false)
      }
    },
  )

  it('keeps no more of a value than it was told to', () => {
    const scan = scanned('{"a":"0123456789","b":"01"}', ['a', 'b'], 6)
    expect(values(scan)).toEqual([undefined, '"01"'])
    expect(scan.members[0]).toMatchObject({ start: 5, end: 17 })
  })
})
