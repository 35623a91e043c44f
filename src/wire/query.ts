import { BalanceError } from '../base/errors.ts'

/** A query with what was meant for the gateway cut out. */
export interface CutQuery {
  /** What is left, byte for byte, with its `?`; empty where nothing is. */
  readonly query: string
  /** The value of `key`, decoded; null where there is none. */
  readonly key: string | null
  /** The value of `provider`, decoded, where it is the gateway's. */
  readonly provider: string | null
}

/**
 * Cuts `key` and, on a default path, `provider` out of a query, also where their names are encoded.
 * @param query without its `?`
 * @throws BalanceError invalid_request when one of them is given twice with different values
 */
export function cutQuery(query: string, onDefaultPath: boolean): CutQuery {
  if (query === '') return { query: '', key: null, provider: null }
  let key: string | null = null
  let provider: string | null = null
  const kept: string[] = []
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=')
    const name = decoded(equals === -1 ? pair : pair.slice(0, equals))
    const value = equals === -1 ? '' : pair.slice(equals + 1)
    if (name === 'key') key = once(name, key, value)
    else if (name === 'provider' && onDefaultPath) provider = once(name, provider, value)
    else kept.push(pair)
  }
  return { query: kept.length === 0 ? '' : `?${kept.join('&')}`, key, provider }
}

function once(name: string, before: string | null, value: string): string | null {
  const now = decoded(value) || null
  if (before === null || now === null || before === now) return now ?? before
  throw new BalanceError('invalid_request', `The query names \`${name}\` twice.`, {
    hint: 'Give it once.',
  })
}

/** As `application/x-www-form-urlencoded` (WHATWG URL §5.1); as it stands where it is not valid. */
export function decoded(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
