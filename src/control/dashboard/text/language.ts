export const LANGUAGES = ['en', 'zh'] as const
export type Language = (typeof LANGUAGES)[number]

let current: Language = 'en'

export function language(): Language {
  return current
}

export function setLanguage(next: Language): void {
  current = next
}

/** What was chosen before, else the first of the reader's languages that there is. */
export function preferredLanguage(saved: string | null, preferred: readonly string[]): Language {
  const wishes = [saved ?? '', ...preferred].map(one => one.toLowerCase().split('-')[0])
  const found = wishes.find(wish => LANGUAGES.some(one => one === wish))
  return (found as Language | undefined) ?? 'en'
}
