import type { DialectName } from '../model/dialect.ts'
import { type Json, member, parseJson } from './usage.ts'

/** One page of a provider's list of models. */
export interface ModelPage {
  /** As requests name them: Gemini's without their `models/`. */
  readonly ids: readonly string[]
  /** The same in the same order, with all that the vendor says of each. */
  readonly entries: readonly Json[]
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
  const list = listOf(Array.isArray(document) ? document : member(document, 'data'), 'id')
  return list && { ...list, next: null }
}

function readAnthropic(document: Json): ModelPage | null {
  const list = listOf(member(document, 'data'), 'id')
  const last = member(document, 'last_id')
  const more = member(document, 'has_more') === true && typeof last === 'string'
  return list && { ...list, next: more ? `?limit=1000&after_id=${encodeURIComponent(last)}` : null }
}

function readGemini(document: Json): ModelPage | null {
  const list = listOf(member(document, 'models'), 'name')
  const token = member(document, 'nextPageToken')
  const more = typeof token === 'string' && token !== ''
  return (
    list && {
      ids: list.ids.map(name => name.replace(/^models\//, '')),
      entries: list.entries,
      next: more ? `?pageSize=1000&pageToken=${encodeURIComponent(token)}` : null,
    }
  )
}

/** Null where it is no list, or one of other things. */
function listOf(list: Json, name: string): Pick<ModelPage, 'ids' | 'entries'> | null {
  if (list === null) return { ids: [], entries: [] }
  if (!Array.isArray(list)) return null
  const ids = list.map(entry => member(entry, name))
  return ids.every(isId) ? { ids, entries: list } : null
}

function isId(value: Json): value is string {
  return typeof value === 'string' && value !== ''
}

/** A model that a list names, as {@link writeModelList} takes it. */
export interface Listed {
  readonly id: string
  /** Whose it is: the provider's name. */
  readonly owner: string
  /** Milliseconds since the epoch; null where nobody knows. */
  readonly createdAt: number | null
  /** What its vendor says of it in the family of the list; null where that is of another family. */
  readonly entry: Json
}

/** A list of models, on one page, as this family's clients expect it. */
export function writeModelList(kind: DialectName, models: readonly Listed[]): string {
  switch (kind) {
    case 'openai':
      return JSON.stringify({ object: 'list', data: models.map(openaiEntry) })
    case 'anthropic': {
      const data = models.map(anthropicEntry)
      const [first, last] = [models[0]?.id ?? null, models.at(-1)?.id ?? null]
      return JSON.stringify({ data, has_more: false, first_id: first, last_id: last })
    }
    case 'gemini':
      return JSON.stringify({ models: models.map(geminiEntry) })
  }
}

/** https://platform.openai.com/docs/api-reference/models/object */
function openaiEntry({ id, owner, createdAt, entry }: Listed): Json {
  const created = Math.floor((createdAt ?? 0) / 1_000)
  return entry ?? { id, object: 'model', created, owned_by: owner }
}

/** https://docs.claude.com/en/api/models-list */
function anthropicEntry({ id, createdAt, entry }: Listed): Json {
  const created = new Date(createdAt ?? 0).toISOString()
  return entry ?? { type: 'model', id, display_name: id, created_at: created }
}

/** https://ai.google.dev/api/models#Model */
function geminiEntry({ id, entry }: Listed): Json {
  return entry ?? { name: `models/${id}`, displayName: id }
}
