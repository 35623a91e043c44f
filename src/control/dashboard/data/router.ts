export const PAGES = [
  'overview',
  'providers',
  'keys',
  'tokens',
  'routes',
  'requests',
  'errors',
  'settings',
] as const
export type PageName = (typeof PAGES)[number]

/** Where one is: `#/keys/k_1?state=invalid`. */
export interface Place {
  readonly page: PageName
  /** One thing of the page; null: all of them. */
  readonly item: string | null
  readonly query: Readonly<Record<string, string>>
}

/** The place that a location's hash names; what names none is the overview. */
export function parsePlace(hash: string): Place {
  const [path = '', search = ''] = split(hash.replace(/^#?\/?/, ''), '?')
  const [name = '', item = ''] = split(path, '/')
  const page = PAGES.find(one => one === name)
  if (!page) return { page: 'overview', item: null, query: {} }
  return {
    page,
    item: item === '' ? null : decoded(item),
    query: Object.fromEntries(new URLSearchParams(search)),
  }
}

/** The hash of a place; members of the query that are empty are left out. */
export function formatPlace({ page, item, query }: Place): string {
  const given = Object.entries(query).filter(([, value]) => value !== '')
  const path = item === null ? page : `${page}/${encodeURIComponent(item)}`
  return `#/${path}${given.length > 0 ? `?${new URLSearchParams(given)}` : ''}`
}

/** The page that `g` and then this letter leads to; null for none. */
export function pageOfLetter(letter: string): PageName | null {
  return (Object.keys(LETTERS) as PageName[]).find(page => LETTERS[page] === letter) ?? null
}

export const LETTERS: Readonly<Record<PageName, string>> = {
  overview: 'o',
  providers: 'p',
  keys: 'k',
  tokens: 't',
  routes: 'r',
  requests: 'q',
  errors: 'e',
  settings: 's',
}

function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
