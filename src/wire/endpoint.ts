import type { DialectName } from '../model/dialect.ts'

/**
 * What a repeat of a request would do:
 * - `read`: nothing
 * - `generate`: cost money, change nothing
 * - `stateful`: act twice
 */
export type Repeat = 'read' | 'generate' | 'stateful'

/** What the gateway knows of an endpoint before it reads a body. */
export interface Endpoint {
  /** `chat.completions`, `messages`, …; `other` for what is in no table. */
  readonly name: string
  readonly dialect: DialectName
  /** Its answer is a model's: held until something meaningful came, its usage read. */
  readonly generate: boolean
  readonly repeat: Repeat
  /** Where the model is named: a JSON body's `model`, the path (see {@link modelInPath}), or nowhere. */
  readonly model: 'body' | 'path' | 'none'
  /** Its body may be a form (multipart), and then names the model in a part of it. */
  readonly form: boolean
}

type Row = readonly [method: string, path: string, endpoint: Endpoint]

const LIST = endpoint('models', 'openai', false, 'read', 'none')
const GEMINI_LIST = endpoint('models', 'gemini', false, 'read', 'none')

/** Paths without their version segment; a trailing `*` stands for one or more segments. */
const ROWS: readonly Row[] = [
  generates('chat/completions', 'chat.completions'),
  generates('completions', 'completions'),
  generates('embeddings', 'embeddings'),
  generates('responses', 'responses'),
  generates('rerank', 'rerank'),
  generates('images/generations', 'images'),
  generates('images/edits', 'images', true),
  generates('images/variations', 'images', true),
  generates('audio/speech', 'audio.speech'),
  generates('audio/transcriptions', 'audio.transcriptions', true),
  generates('audio/translations', 'audio.translations', true),
  ['POST', 'videos', endpoint('videos', 'openai', false, 'stateful', 'body', true)],
  ['POST', 'moderations', endpoint('moderations', 'openai', false, 'read', 'body')],
  ['POST', 'responses/input_tokens', endpoint('responses.count', 'openai', false, 'read', 'body')],
  ['GET', 'models', LIST],
  ['GET', 'models/*', endpoint('models.one', 'openai', false, 'read', 'path')],

  ['POST', 'messages', endpoint('messages', 'anthropic', true, 'generate', 'body')],
  ['POST', 'messages/count_tokens', endpoint('messages.count', 'anthropic', false, 'read', 'body')],
  ['GET', 'messages/*', endpoint('messages.other', 'anthropic', false, 'read', 'none')],
  ['*', 'messages/*', endpoint('messages.other', 'anthropic', false, 'stateful', 'none')],
]

/** Methods of a Gemini model: `models/{model}:{method}` (https://ai.google.dev/api/all-methods). */
const GEMINI_METHODS: ReadonlyMap<string, Endpoint> = new Map([
  ['generateContent', endpoint('generateContent', 'gemini', true, 'generate', 'path')],
  ['streamGenerateContent', endpoint('generateContent', 'gemini', true, 'generate', 'path')],
  ['embedContent', endpoint('embedContent', 'gemini', true, 'generate', 'path')],
  ['batchEmbedContents', endpoint('embedContent', 'gemini', true, 'generate', 'path')],
  ['predict', endpoint('predict', 'gemini', true, 'generate', 'path')],
  ['countTokens', endpoint('countTokens', 'gemini', false, 'read', 'path')],
])

const OTHER: Readonly<Record<DialectName, readonly [read: Endpoint, stateful: Endpoint]>> = {
  openai: others('openai'),
  anthropic: others('anthropic'),
  gemini: others('gemini'),
}

const EXACT = new Map(ROWS.map(([method, path, entry]) => [`${method} ${path}`, entry]))

/** Everything up to the first version segment: `/v1/`, `/api/paas/v4/`, …; or the leading slash alone. */
const MOUNT = /^(?:.*?\/(v\d[a-z0-9]*)\/|\/)/
const GEMINI_MODEL = /^(?:models|tunedModels)\/([^/:]+):([A-Za-z]+)$/d
/** Where a model's own description is asked for. */
const MODEL_LAST = /^models\/(.+)$/d
/** OpenAI's legacy engines and Azure's deployments name the model in the path. */
const MODEL_FIRST = /^(?:openai\/deployments|engines)\/([^/]+)\/(.+)$/d

/**
 * What an endpoint is, by method and path without its provider, as `Route.path` has it: any
 * version segment will do, or none.
 */
export function endpointOf(method: string, path: string): Endpoint {
  const [, version, rest] = split(path)
  const called = GEMINI_MODEL.exec(rest)
  const geminis = called && method === 'POST' ? GEMINI_METHODS.get(called[2] as string) : undefined
  if (geminis) return geminis
  const exact = EXACT.get(`${method} ${rest}`) ?? EXACT.get(`${method} ${wild(rest)}`)
  if (version === 'v1beta') return exact === LIST ? GEMINI_LIST : other('gemini', method)
  if (exact) return exact
  const first = MODEL_FIRST.exec(rest)
  const inner = first ? EXACT.get(`${method} ${first[2]}`) : undefined
  if (inner) return { ...inner, model: 'path', form: false }
  return EXACT.get(`* ${wild(rest)}`) ?? other('openai', method)
}

/** The model that a path names, decoded, where its endpoint says that it does; else null. */
export function modelInPath(path: string): string | null {
  const [, , rest] = split(path)
  const found = named(rest)
  if (!found) return null
  try {
    return decodeURIComponent(found[1] as string)
  } catch {
    return null
  }
}

/** The path with another model in the place of the one that {@link modelInPath} finds. */
export function replaceModelInPath(path: string, model: string): string {
  const [, , rest] = split(path)
  const place = named(rest)?.indices?.[1]
  if (place === undefined) return path
  const [start, end] = place.map(at => path.length - rest.length + at)
  const name = model.split('/').map(encodeURIComponent).join('/')
  return path.slice(0, start) + name + path.slice(end)
}

function named(rest: string): RegExpExecArray | null {
  return GEMINI_MODEL.exec(rest) ?? MODEL_FIRST.exec(rest) ?? MODEL_LAST.exec(rest)
}

function split(path: string): [mount: string, version: string, rest: string] {
  const [mount = '', version = ''] = MOUNT.exec(path) ?? []
  const rest = path.slice(mount.length)
  // Google's OpenAI-compatible endpoints lie below its own version.
  if (version === 'v1beta' && rest.startsWith('openai/')) return [mount, 'v1', rest.slice(7)]
  return [mount, version, rest]
}

/** The version segment of a path, empty where it has none, and what follows it. */
export function splitVersion(path: string): [version: string, rest: string] {
  const [, version, rest] = split(path)
  return [version, rest]
}

function wild(rest: string): string {
  const slash = rest.indexOf('/')
  return slash === -1 ? rest : `${rest.slice(0, slash)}/*`
}

function generates(path: string, name: string, form = false): Row {
  return ['POST', path, endpoint(name, 'openai', true, 'generate', 'body', form)]
}

function other(dialect: DialectName, method: string): Endpoint {
  const reads = method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
  return OTHER[dialect][reads ? 0 : 1]
}

function others(dialect: DialectName): readonly [Endpoint, Endpoint] {
  return [
    endpoint('other', dialect, false, 'read', 'none'),
    endpoint('other', dialect, false, 'stateful', 'none'),
  ]
}

function endpoint(
  name: string,
  dialect: DialectName,
  generate: boolean,
  repeat: Repeat,
  model: Endpoint['model'],
  form = false,
): Endpoint {
  return Object.freeze({ name, dialect, generate, repeat, model, form })
}
