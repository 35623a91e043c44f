import { decoded } from './query.ts'

/** Adds to a query what an owner wants in every query; gives it back with its `?`, or empty. */
export type FixedQuery = (query: string) => string

/** Parameters that every request has, in the place of the client's of the same names. */
export function fixedQuery(parameters: Readonly<Record<string, string>>): FixedQuery {
  const names = Object.keys(parameters)
  if (names.length === 0) return query => query
  const encoded = Object.entries(parameters)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&')
  const kept = (pair: string) => !names.some(name => isNamed(pair, name))
  return query =>
    query === ''
      ? `?${encoded}`
      : `?${[...query.slice(1).split('&').filter(kept), encoded].join('&')}`
}

/** Whether a query, with its `?`, has a parameter of this name. */
export function hasParameter(query: string, name: string): boolean {
  return (
    query !== '' &&
    query
      .slice(1)
      .split('&')
      .some(pair => isNamed(pair, name))
  )
}

function isNamed(pair: string, name: string): boolean {
  const equals = pair.indexOf('=')
  return decoded(equals === -1 ? pair : pair.slice(0, equals)) === name
}
