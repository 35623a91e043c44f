import { type Endpoint, endpointOf, splitVersion } from './endpoint.ts'

/** What one request has to do with objects, by its method and path. */
export interface ObjectUse {
  /** Ids that the path names, outermost first. */
  readonly ids: readonly string[]
  /**
   * Whether a good answer tells of objects that were made: `asked`, where the body says `store: true`,
   * `unasked`, unless it says `store: false`.
   */
  readonly makes: 'yes' | 'no' | 'asked' | 'unasked'
  /** Its body may name objects. */
  readonly names: boolean
  /** They may be named in a field of a multipart body too. */
  readonly namesInFields: boolean
  /** It shows objects of the whole account. */
  readonly lists: boolean
  /** What a good answer says is gone; null: nothing. */
  readonly deletes: string | null
  /** What names an object that nobody knows is for the provider's home key. */
  readonly home: boolean
  /** Ids are names of two segments, as `files/abc`. */
  readonly gemini: boolean
}

/** An id in a body or an answer: no vendor's is longer, or has other characters. */
export const OBJECT_ID = /^[A-Za-z0-9][\w.:~-]{2,254}$/
/** The same, or one of Gemini's names. */
const PLAUSIBLE = /^[A-Za-z0-9][\w.:~/-]{2,254}$/

/** Collections of objects: OpenAI's, Anthropic's, and those of OpenAI-compatible vendors. */
const COLLECTIONS =
  /^(?:openai\/)?((?:files|uploads|batches|fine_tuning|vector_stores|assistants|threads|containers|evals|conversations|responses|videos|skills|chatkit|batch|fine-tunes|agents|libraries|audio\/(?:voices|voice_consents)|chat\/completions|messages\/batches|realtime\/calls)(?:\/.*)?)$/i

/** Segments of their paths that are no ids. */
const WORDS: ReadonlySet<string> = new Set(
  `files uploads batches fine_tuning vector_stores assistants threads containers evals conversations
  responses videos skills chatkit audio voices voice_consents chat completions messages realtime calls
  content cancel complete parts jobs checkpoints permissions alpha graders run validate events pause
  resume search file_batches runs steps submit_tool_outputs output_items items input_items compact
  batch fine-tunes agents libraries documents status signed-url
  input_tokens characters edits extensions remix versions sessions results accept hangup refer reject`
    .trim()
    .split(/\s+/),
)

/** What was stored, byte for byte: its own members say nothing about it. */
const DOWNLOADS: ReadonlySet<string> = new Set(['content', 'results'])

/** It takes a file out of a vector store, and leaves the file. */
const DETACHES = /^vector_stores\/[^/]+\/files\//

/** Multipart bodies with a field that may hold an id: a file's, a consent's, a video's. */
const FIELDS = /^(?:containers\/[^/]+\/files|audio\/voices|videos(?:\/(?:edits|extensions))?)$/

/** Gemini's resources have names of two segments: https://ai.google.dev/api */
const GEMINI =
  /^((?:files|cachedContents|tunedModels|batches|corpora|fileSearchStores)(?=\/|$))(?:\/([^/:]+))?/
const GEMINI_OPERATION = /^(?:models\/[^/:]+\/)?operations\/[^/:]+/
/** They begin work that goes on after their answer, which names it. */
const GEMINI_STARTS =
  /^models\/[^/:]+:(?:batchGenerateContent|asyncBatchEmbedContent|predictLongRunning)$/

/** Endpoints of models whose bodies may name objects. */
const NAMING: ReadonlySet<string> = new Set([
  'messages',
  'messages.count',
  'images',
  'audio.speech',
  'generateContent',
  'countTokens',
])

const NOTHING: ObjectUse = {
  ids: [],
  makes: 'no',
  names: false,
  namesInFields: false,
  lists: false,
  deletes: null,
  home: false,
  gemini: false,
}
const NAMES: ObjectUse = { ...NOTHING, names: true }
const CHAT: ObjectUse = { ...NAMES, makes: 'asked' }
const RESPONSE: ObjectUse = { ...NAMES, makes: 'unasked', home: true }

/**
 * What a request has to do with objects; null: nothing.
 * @param path without its provider, as `Route.path` has it
 */
export function objectUse(method: string, path: string, endpoint: Endpoint): ObjectUse | null {
  const [version, given] = splitVersion(path)
  const rest = plain(given)
  return rest === given
    ? useOf(method, version, rest, endpoint)
    : useOf(method, version, rest, endpointOf(method, `/${version || 'v1'}/${rest}`))
}

function useOf(
  method: string,
  version: string,
  rest: string,
  endpoint: Endpoint,
): ObjectUse | null {
  if (endpoint.dialect === 'gemini' || version === 'v1beta') return ofGemini(method, rest, endpoint)
  if (endpoint.name === 'chat.completions') return CHAT
  if (endpoint.name === 'responses') return RESPONSE
  if (NAMING.has(endpoint.name)) return NAMES
  const found = COLLECTIONS.exec(rest)?.[1]
  return found === undefined ? null : inCollection(method, found)
}

/** Whether anybody need be asked about an id of a path. */
export function isPlausible(id: string): boolean {
  return PLAUSIBLE.test(id)
}

/** As whoever serves it may read it: without escapes and empty segments. */
function plain(rest: string): string {
  if (!rest.includes('%') && !rest.includes('//') && !/^\/|\/$/.test(rest)) return rest
  return rest.split('/').filter(Boolean).map(decoded).join('/')
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

function inCollection(method: string, path: string): ObjectUse {
  const segments = path.split('/')
  const ids = segments.filter((segment, at) => isId(segment, segments[at - 1]))
  const last = segments.at(-1) as string
  const deletes = method === 'DELETE' && ids.at(-1) === last && !DETACHES.test(path)
  return {
    ...byMethod(method, ids, DOWNLOADS.has(last)),
    namesInFields: FIELDS.test(path),
    deletes: deletes ? last : null,
  }
}

/** A version of a skill is a number, or `latest`. */
function isId(segment: string, before: string | undefined): boolean {
  return !WORDS.has(segment.toLowerCase()) && before !== 'versions'
}

function byMethod(method: string, ids: readonly string[], download: boolean): ObjectUse {
  const reads = method === 'GET' || method === 'HEAD'
  const lists = reads && ids.length === 0
  const tells = !lists && !download && method !== 'DELETE' && method !== 'HEAD'
  return { ...NOTHING, ids, lists, makes: tells ? 'yes' : 'no', names: !reads, home: true }
}

function ofGemini(method: string, rest: string, endpoint: Endpoint): ObjectUse | null {
  const found = GEMINI.exec(rest)
  const operation = GEMINI_OPERATION.exec(rest)?.[0]
  const name = found?.[2] === undefined ? operation : `${found[1]}/${found[2]}`
  const ids = name === undefined ? [] : [name]
  const gemini = true
  if (NAMING.has(endpoint.name)) return { ...NAMES, ids, gemini }
  if (GEMINI_STARTS.test(rest)) return { ...NAMES, makes: 'yes', gemini }
  if (found === null && operation === undefined) return null
  const deletes = method === 'DELETE' && rest === name ? name : null
  return { ...byMethod(method, ids, rest.endsWith(':download')), deletes, gemini }
}
