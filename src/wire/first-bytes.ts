/** What an answer is whose head does not say it. */
export type Kind = 'page' | 'json' | 'events'

const LOOKED_AT = 256
/** A byte order mark as latin1 shows it. */
const MARK = '\xef\xbb\xbf'
/** The fields of an event stream (WHATWG HTML §9.2.6), or a comment. */
const EVENT_LINE = /^(?:data|event|id|retry)?:/

/** What an answer is by its first bytes; null where they do not tell. */
export function kindOf(bytes: Buffer): Kind | null {
  const text = bytes.toString('latin1', 0, LOOKED_AT)
  const start = (text.startsWith(MARK) ? text.slice(MARK.length) : text).trimStart()
  if (start.startsWith('<')) return 'page'
  if (start.startsWith('{') || start.startsWith('[')) return 'json'
  return EVENT_LINE.test(start) ? 'events' : null
}
