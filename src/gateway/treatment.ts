import type { Dialect, Headers } from '../model/dialect.ts'
import type { Treatment } from '../upstream/guide.ts'
import { kindOf } from '../wire/first-bytes.ts'
import type { Exchange } from './exchange.ts'

/** Types that say no more than that there are bytes. */
const VAGUE = /^(text\/plain|application\/octet-stream)\b/

const JUDGED: Treatment = { handling: 'judge', tap: null }
const PASSED: Treatment = { handling: 'pass', tap: null }
/** The head does not say what follows; the first bytes do. */
const UNTOLD: Treatment = { handling: 'sniff', tap: null }

/** What to do with an answer, by its head. */
export function treatHead(
  exchange: Exchange,
  dialect: Dialect,
  status: number,
  headers: Headers,
): Treatment {
  const { endpoint, stream } = exchange
  if (status >= 400 || (status >= 300 && status !== 304)) return JUDGED
  if (!endpoint.generate) return PASSED
  // What was asked to be generated cannot be nothing.
  if (status === 204 || status === 304 || headers['content-length'] === '0') return JUDGED
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') return PASSED
  const type = headers['content-type'] ?? ''
  if (type.startsWith('text/event-stream')) return streamed(dialect)
  if (type.startsWith('text/html')) return JUDGED
  const spoken = spokenIn(exchange, dialect, headers)
  if (spoken !== dialect) return streamed(spoken)
  if (type.includes('json')) return document(dialect)
  return type === '' || (stream && VAGUE.test(type)) ? UNTOLD : PASSED
}

/** The same by its first bytes, where its head did not say. */
export function treatFirst(
  { stream }: Exchange,
  dialect: Dialect,
  headers: Headers,
  chunk: Buffer,
): Treatment {
  const kind = kindOf(chunk)
  if (kind === 'events' && stream) return streamed(dialect)
  // A text may begin as it likes.
  if (headers['content-type'] !== undefined) return PASSED
  if (kind === 'page') return JUDGED
  return kind === 'json' ? document(dialect) : PASSED
}

function streamed(dialect: Dialect): Treatment {
  return { handling: 'stream', tap: dialect.streamTap() }
}

/**
 * The dialect of what is relayed, which says how a stream that breaks off is told of. JSON is a stream of its own
 * kind only where no events were asked for: else it is an answer whole, in the place of one.
 */
export function spokenIn({ stream, route }: Exchange, dialect: Dialect, headers: Headers): Dialect {
  const { array } = dialect
  if (array === undefined || !stream || ASKS_FOR_EVENTS.test(route?.query ?? '')) return dialect
  return headers['content-type']?.includes('json') ? array : dialect
}

const ASKS_FOR_EVENTS = /[?&]alt=sse(?:&|$)/

function document(dialect: Dialect): Treatment {
  return { handling: 'document', tap: dialect.jsonTap() }
}
