import { formatCount } from '../data/format.ts'
import { EN } from './en.ts'
import { type Language, language } from './language.ts'
import { ZH } from './zh.ts'

export type TextName = keyof typeof EN

export const DICTIONARIES: Readonly<Record<Language, Readonly<Record<TextName, string>>>> = {
  en: EN,
  zh: ZH,
}

/**
 * A text in the language that was chosen. `{name}` is replaced by a value, numbers as the language
 * writes them; of `one|many` the first is for an `n` of 1.
 */
export function t(name: TextName, values: Readonly<Record<string, string | number>> = {}): string {
  const forms = DICTIONARIES[language()][name].split('|')
  const form = (values.n === 1 ? forms[0] : forms.at(-1)) ?? ''
  return form.replace(/\{(\w+)\}/g, (whole, key: string) => {
    const value = values[key]
    if (value === undefined) return whole
    return typeof value === 'number' ? formatCount(value) : value
  })
}
