import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BalanceError } from '../../src/base/errors.ts'
import { BEHAVIOURS } from '../../src/mock/behaviours.ts'
import { Playbook } from '../../src/mock/playbook.ts'
import { Cursor, parseScript, scriptsFromObject } from '../../src/mock/script.ts'

describe('parseScript', () => {
  it('reads names, arguments and repetitions', () => {
    expect(parseScript('401, 429:2s, slow:250ms, die-after:7, flaky:0.25, ok*2')).toEqual([
      { name: '401', argument: 0 },
      { name: '429', argument: 2_000 },
      { name: 'slow', argument: 250 },
      { name: 'die-after', argument: 7 },
      { name: 'flaky', argument: 0.25 },
      { name: 'ok', argument: 0 },
      { name: 'ok', argument: 0 },
    ])
  })

  it('takes every behaviour by its bare name, with the argument its line promises', () => {
    for (const name of Object.keys(BEHAVIOURS)) {
      expect(parseScript(name)[0]?.name).toBe(name)
    }
    expect(parseScript('slow')[0]?.argument).toBe(1_000)
    expect(parseScript('flaky')[0]?.argument).toBe(0.5)
  })

  it.each([
    ['', /is not written like/],
    ['ok,,ok', /is not written like/],
    ['okk', /no behaviour/],
    ['toString', /is not written like|no behaviour/],
    ['constructor', /no behaviour/],
    ['ok:1', /takes nothing/],
    ['429:soon', /duration/],
    ['die-after:-1', /whole number/],
    ['die-after:1.5', /whole number/],
    ['flaky:2', /share/],
    ['ok*0', /repeated/],
    ['ok*999999999', /repeated/],
  ])('refuses %j, naming it', (script, problem) => {
    const error = refused(() => parseScript(script))
    expect(error.code).toBe('config_invalid')
    expect(error.message).toMatch(problem)
  })

  it('suggests the behaviour that was meant', () => {
    expect(refused(() => parseScript('die-aftr:3')).hint).toBe('Did you mean die-after?')
  })

  it('either reads a text or refuses it as configuration', () => {
    const words = fc.constantFrom(
      ...Object.keys(BEHAVIOURS),
      ':',
      ',',
      '*',
      '3',
      '2s',
      '0.5',
      ' ',
      '-',
    )
    fc.assert(
      fc.property(fc.array(words, { maxLength: 8 }), parts => {
        try {
          expect(parseScript(parts.join('')).length).toBeGreaterThan(0)
        } catch (error) {
          expect(error).toBeInstanceOf(BalanceError)
          expect((error as BalanceError).code).toBe('config_invalid')
        }
      }),
    )
  })
})

describe('Cursor', () => {
  it('uses one step up at a time and repeats the last', () => {
    const cursor = new Cursor('401*2,ok')
    expect([1, 2, 3, 4].map(() => cursor.take().name)).toEqual(['401', '401', 'ok', 'ok'])
  })
})

describe('scriptsFromObject', () => {
  it('takes texts and lists', () => {
    expect({
      ...scriptsFromObject({ 'sk-one': '401,ok', '*': ['429:2s', 'ok'], 'sk-two': 500 }),
    }).toEqual({
      'sk-one': '401,ok',
      '*': '429:2s,ok',
      'sk-two': '500',
    })
  })

  it('names the entry that is wrong by its place, for the key may be real', () => {
    const error = refused(() => scriptsFromObject({ good: 'ok', 'sk-very-secret': 'hnag' }))
    expect(error.code).toBe('config_invalid')
    expect(error.message).toContain('key 2')
    expect(error.message).not.toContain('secret')
    expect(error.hint).toBe('Did you mean hang?')
  })

  it.each([[null], [[]], ['ok'], [7]])('refuses %j', value => {
    expect(refused(() => scriptsFromObject(value)).code).toBe('config_invalid')
  })
})

describe('Playbook', () => {
  it('keeps the place of each key apart, also under *', () => {
    const playbook = new Playbook({ a: '401,ok', '*': '500,ok' }, 'ok')
    const next = (key: string) => playbook.next(key, {}).name
    expect([next('a'), next('b'), next('c'), next('a'), next('b')]).toEqual([
      '401',
      '500',
      '500',
      'ok',
      'ok',
    ])
  })

  it('puts the script of a request above that of its key, with a place of its own', () => {
    const playbook = new Playbook({ a: '402' }, 'ok')
    const headers = { 'x-mock-script': '401,ok' }
    expect([1, 2, 3].map(() => playbook.next('a', headers).name)).toEqual(['401', 'ok', 'ok'])
    expect(playbook.next('a', {}).name).toBe('402')
  })

  it('knows no key but those of the scripts when told so', () => {
    const playbook = new Playbook({ a: 'ok' }, '401')
    expect(playbook.next('a', {}).name).toBe('ok')
    expect(playbook.next('b', {}).name).toBe('401')
    expect(new Playbook({ '*': 'ok' }, '401').next('', {}).name).toBe('401')
    expect(new Playbook({}, '401').next('a', {}).name).toBe('401')
  })

  it('begins a script anew when it is set', () => {
    const playbook = new Playbook({ a: '401,ok' }, 'ok')
    playbook.next('a', {})
    playbook.set('a', '429,ok')
    expect([1, 2].map(() => playbook.next('a', {}).name)).toEqual(['429', 'ok'])
  })
})

function refused(call: () => unknown): BalanceError {
  try {
    call()
  } catch (error) {
    if (error instanceof BalanceError) return error
    throw error
  }
  throw new Error('it was accepted')
}
