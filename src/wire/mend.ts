/** Endpoints whose paths are mended, as they are written below their version. */
const ENDPOINTS = [
  'chat/completions',
  'completions',
  'embeddings',
  'models',
  'responses',
  'messages',
  'messages/count_tokens',
  'messages/batches',
  'moderations',
  'images/generations',
  'images/edits',
  'images/variations',
  'audio/speech',
  'audio/transcriptions',
  'audio/translations',
  'files',
  'batches',
]

/** What is commonly written, in lower case, and what is meant. */
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ...ENDPOINTS.map(endpoint => [endpoint, endpoint] as const),
  ['chat/completion', 'chat/completions'],
  ['embedding', 'embeddings'],
  ['model', 'models'],
])

/** Collections of things that may be named like the collection itself. */
const COLLECTIONS: ReadonlySet<string> = new Set(['models', 'files', 'batches', 'messages'])
const VERSIONS: ReadonlySet<string> = new Set(['v1', 'v1beta'])

/**
 * A path, its provider cut off, as its endpoint has it: `/V1//chat/completion/` → `/v1/chat/completions`,
 * `/models/x` → `/v1/models/x`. What follows the endpoint keeps its letters. A path that is no
 * endpoint's known here is given back unchanged.
 */
export function mendEndpoint(path: string): string {
  const segments = segmentsOf(path)
  let at = 0
  let version = 'v1'
  let endpoint: string | null = null
  for (;;) {
    const start = at
    while (isVersion(segments[at])) at++
    const next = spelled(segments, at)
    // Further endpoints count only where the first one was pasted twice.
    if (endpoint !== null && !isPasted(endpoint, next, at > start)) {
      return ['', version, endpoint, ...segments.slice(start)].join('/')
    }
    if (next === null) return path
    if (at > start) version = (segments[at - 1] as string).toLowerCase()
    endpoint = next
    at += next.includes('/') ? 2 : 1
  }
}

/** The segments that hold something. */
export function segmentsOf(path: string): string[] {
  return path.split('/').filter(segment => segment !== '')
}

function isPasted(endpoint: string, next: string | null, afterVersion: boolean): boolean {
  return next === endpoint && (afterVersion || !COLLECTIONS.has(endpoint))
}

function isVersion(segment: string | undefined): boolean {
  return segment !== undefined && VERSIONS.has(segment.toLowerCase())
}

/** The endpoint that is spelled at this segment, the longer one first. */
function spelled(segments: readonly string[], at: number): string | null {
  const first = segments[at]?.toLowerCase() ?? ''
  const second = segments[at + 1]?.toLowerCase() ?? ''
  return SPELLINGS.get(`${first}/${second}`) ?? SPELLINGS.get(first) ?? null
}
