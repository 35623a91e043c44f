import type { DialectName } from '../model/dialect.ts'
import { type Json, member, parseJson } from './usage.ts'

/** One page of a provider's list of models. */
export interface ModelPage {
  /** As requests name them: Gemini's without their `models/`. */
  readonly ids: readonly string[]
  /** The query that asks for the next page, with its `?`; null on the last one. */
  readonly next: string | null
}

/** How a family lists its models. */
interface Listing {
  readonly path: string
  /** Asks for as many at once as the vendor gives. */
  readonly query: string
  read(document: Json): ModelPage | null
}

const LISTINGS: Readonly<Record<DialectName, Listing>> = {
  /** https://platform.openai.com/docs/api-reference/models/list: all on one page. */
  openai: { path: '/v1/models', query: '', read: readOpenai },
  /** https://docs.claude.com/en/api/models-list */
  anthropic: { path: '/v1/models', query: '?limit=1000', read: readAnthropic },
  /** https://ai.google.dev/api/models#method:-models.list */
  gemini: { path: '/v1beta/models', query: '?pageSize=1000', read: readGemini },
}

/** Where a family's models are listed: the path as clients know it, and the query of the first page. */
export function modelListOf(kind: DialectName): { readonly path: string; readonly query: string } {
  return LISTINGS[kind]
}

/** Reads a page; null where the body is no list of models. */
export function readModelList(kind: DialectName, body: Buffer): ModelPage | null {
  return LISTINGS[kind].read(parseJson(body))
}

/** Some that speak OpenAI's API give the bare array (Together), or null for an empty one (Ollama). */
function readOpenai(document: Json): ModelPage | null {
  const ids = idsOf(Array.isArray(document) ? document : member(document, 'data'), 'id')
  return ids && { ids, next: null }
}

function readAnthropic(document: Json): ModelPage | null {
  const ids = idsOf(member(document, 'data'), 'id')
  const last = member(document, 'last_id')
  const more = member(document, 'has_more') === true && typeof last === 'string'
  return ids && { ids, next: more ? `?limit=1000&after_id=${encodeURIComponent(last)}` : null }
}

function readGemini(document: Json): ModelPage | null {
  const names = idsOf(member(document, 'models'), 'name')
  const token = member(document, 'nextPageToken')
  const more = typeof token === 'string' && token !== ''
  return (
    names && {
      ids: names.map(name => name.replace(/^models\//, '')),
      next: more ? `?pageSize=1000&pageToken=${encodeURIComponent(token)}` : null,
    }
  )
}

/** Null where it is no list, or one of other things. */
function idsOf(list: Json, name: string): string[] | null {
  if (list === null) return []
  if (!Array.isArray(list)) return null
  const ids = list.map(entry => member(entry, name))
  return ids.every(isId) ? ids : null
}

function isId(value: Json): value is string {
  return typeof value === 'string' && value !== ''
}
