import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import {
  LANGUAGES,
  preferredLanguage,
  setLanguage,
} from '../../../src/control/dashboard/text/language.ts'
import { DICTIONARIES, type TextName, t } from '../../../src/control/dashboard/text/text.ts'

afterEach(() => setLanguage('en'))

const names = Object.keys(DICTIONARIES.en) as TextName[]
const placesIn = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort()

describe('the dictionaries', () => {
  it('have the same names, and a text for each', () => {
    for (const language of LANGUAGES) {
      expect(Object.keys(DICTIONARIES[language]).sort()).toEqual([...names].sort())
      expect(names.filter(name => DICTIONARIES[language][name].trim() === '')).toEqual([])
    }
  })

  it('name the same values in each text, in both forms of it', () => {
    const differing = names.filter(name => {
      const forms = LANGUAGES.flatMap(language => DICTIONARIES[language][name].split('|'))
      return new Set(forms.map(form => placesIn(form).join())).size > 1
    })
    expect(differing).toEqual([])
  })

  it('are translated, but for what is the same everywhere', () => {
    const same = names.filter(name => DICTIONARIES.zh[name] === DICTIONARIES.en[name])
    expect(same).toEqual(['kind', 'worst.refused'])
  })

  it('hold nothing that no page says', () => {
    const folder = new URL('../../../src/control/dashboard/', import.meta.url)
    const source = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter(file => file.endsWith('.tsx'))
      .map(file => readFileSync(new URL(file, folder), 'utf8'))
      .join('\n')
    const families = [...source.matchAll(/t\(`([\w.]+\.)\$\{/g)].map(([, family]) => family)
    const unsaid = names.filter(
      name =>
        !source.includes(`'${name}'`) &&
        !families.some(family => family !== undefined && name.startsWith(family)),
    )
    expect(unsaid).toEqual([])
  })
})

describe('a text', () => {
  it('has its values, and the form for one or many', () => {
    expect(t('keys.found', { n: 1 })).toBe('1 key')
    expect(t('keys.found', { n: 12_000 })).toBe('12,000 keys')
    expect(t('keys.found', { n: 0 })).toBe('0 keys')
    setLanguage('zh')
    expect(t('keys.found', { n: 1 })).toBe('1 个密钥')
  })

  it('takes a value as it is, also one that looks like a place or a bar', () => {
    expect(t('change.one', { name: '{name}|$&' })).toBe('Change {name}|$&')
  })
})

it.each([
  ['zh', ['en-US'], 'zh'],
  [null, ['zh-TW', 'en'], 'zh'],
  [null, ['fr', 'zh-CN'], 'zh'],
  [null, ['fr'], 'en'],
  ['klingon', [], 'en'],
] as const)('of %s and %j the language is %s', (saved, preferred, language) => {
  expect(preferredLanguage(saved, preferred)).toBe(language)
})
