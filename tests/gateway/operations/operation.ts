import { readFileSync } from 'node:fs'

/** One operation of the OpenAI API. */
export interface Operation {
  readonly method: string
  /** Below the base URL, with its parameters in braces; some have a query. */
  readonly path: string
  readonly id: string
  /** Media types of the request's body, and of successful answers. */
  readonly request: readonly string[]
  readonly response: readonly string[]
}

/** Facts of github.com/openai/openai-openapi (MIT). */
const TABLE = new URL('./openai-operations.tsv', import.meta.url)

export const OPERATIONS: readonly Operation[] = readFileSync(TABLE, 'utf8')
  .split('\n')
  .slice(2)
  .filter(line => line !== '')
  .map(line => {
    const [method = '', path = '', id = '', , request = '-', response = '-'] = line.split('\t')
    return { method, path, id, request: types(request), response: types(response) }
  })

/** Ids as vendors make them, and as nobody should: whatever may stand in a segment as it is. */
const IDS = [
  'file-abc123',
  'ft:gpt-4o-mini:acme::7q8w',
  'a%20b%C3%A9',
  "x.y~z_-!$&'()*+,;=@",
  'MODELS',
  'v1',
  '100%25',
] as const

const QUERIES = [
  '',
  'include[]=step_details.tool_calls[*].file_search.results[*].content&include[]=usage',
  'after=obj%2F1%3D&limit=100&order=asc',
  "q=%E4%BD%A0+%20a+b&empty=&bare&'quoted'=%22x%22",
  'a=1&a=2&metadata[k]=v;w&time=2026-11-26T12:00:00Z',
] as const

/** Path and query below the base URL. Which ids and which query stand in it follows from the number. */
export function targetOf({ path }: Operation, number: number): string {
  let place = number
  const filled = path.replaceAll(/\{[^}]*\}/g, () => IDS[place++ % IDS.length] as string)
  const query = QUERIES[number % QUERIES.length] as string
  if (query === '') return filled
  return `${filled}${filled.includes('?') ? '&' : '?'}${query}`
}

function types(text: string): string[] {
  return text === '-' ? [] : text.split(',')
}
