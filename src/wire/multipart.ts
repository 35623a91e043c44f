import { CR, LF } from './bytes.ts'
import { type Field, fieldOf, parameterOf } from './parameters.ts'

/** A model name longer than this is no name that anybody serves. */
const LONGEST_VALUE = 65_536
/** No part of a form that any client makes has headers as long. */
const LONGEST_HEADERS = 8_192
/** White space that may follow a delimiter (RFC 2046 §5.1.1). */
const LONGEST_PADDING = 256

const TEXT = 0
const DELIMITER = 1
const HEADERS = 2
const BROKEN = 3

const HYPHEN = 0x2d
const HEADERS_END = '\r\n\r\n'
const NOTHING = Buffer.alloc(0)

/**
 * Reads what the gateway must know of a multipart body (RFC 7578, RFC 2046) while its chunks arrive: the
 * parts `model` and `stream`. Nothing of the other parts is kept.
 *
 * Delimiters are looked for as the RFC has them. Readers differ in what else they take for one; where
 * that could hide a `model` there is a `problem`. Any other fault is the upstream's to find.
 */
export class FormScan {
  /** Null as long as none has come. */
  model: string | null = null
  /** Offsets in the body of the model's value; -1 where `model` is null. */
  modelStart = -1
  modelEnd = -1
  stream = false
  /** The last delimiter has come. */
  closed = false
  /** Why the body must be refused, as the end of a sentence; null where it need not be. */
  problem: string | null = null

  readonly #dashes: Buffer
  #state = TEXT
  /** What is looked at again with the next chunk. */
  #pending: Buffer = NOTHING
  /** Offset of what is looked at next. */
  #offset = 0
  /** The two bytes before it; the body itself begins a line. */
  #last = LF
  #lastButOne = CR
  /** The field whose value is being kept; else null. */
  #field: 'model' | 'stream' | null = null
  #models = 0
  /** Offset of the part's content; the first delimiter may be the very first bytes. */
  #start = -2
  #kept: Buffer[] = []
  #keptBytes = 0

  /** @param boundary as the content type has it */
  constructor(boundary: string) {
    this.#dashes = Buffer.from(`--${boundary}`, 'latin1')
  }

  push(chunk: Buffer): void {
    let data = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    this.#pending = NOTHING
    for (;;) {
      const taken = this.#take(data)
      if (taken === -1) break
      this.#pass(data, taken)
      data = data.subarray(taken)
    }
    if (this.#state !== BROKEN) this.#pending = data.subarray(this.#passText(data))
  }

  end(): void {
    if (this.#state === DELIMITER && this.#pending[0] === HYPHEN && this.#pending[1] === HYPHEN) {
      this.closed = true
    } else if (this.#field === 'model') this.#fail('it ends inside `model`')
  }

  /** How many bytes the next step takes; -1: more are needed. */
  #take(data: Buffer): number {
    switch (this.#state) {
      case TEXT:
        return this.#findDelimiter(data)
      case DELIMITER:
        return this.#readDelimiter(data)
      case HEADERS:
        return this.#readHeaders(data)
      default:
        return -1
    }
  }

  /** Text is not looked at twice, but for an end that may be the beginning of a delimiter. */
  #passText(data: Buffer): number {
    if (this.#state !== TEXT) return 0
    const length = data.length - beginningAtEnd(data, this.#dashes)
    this.#keep(data.subarray(0, length))
    this.#pass(data, length)
    return length
  }

  #pass(data: Buffer, length: number): void {
    this.#offset += length
    if (length > 1) this.#lastButOne = data[length - 2] as number
    else if (length === 1) this.#lastButOne = this.#last
    if (length > 0) this.#last = data[length - 1] as number
  }

  #findDelimiter(data: Buffer): number {
    const dashes = this.#dashes
    for (let at = data.indexOf(dashes); at !== -1; at = data.indexOf(dashes, at + 1)) {
      const last = at > 0 ? data[at - 1] : this.#last
      const lastButOne = at > 1 ? data[at - 2] : at === 1 ? this.#last : this.#lastButOne
      if (last !== LF && last !== CR) continue
      if (last !== LF || lastButOne !== CR) return this.#fail('a delimiter follows no CRLF')
      if (this.closed) return this.#fail('it goes on after its last delimiter')
      if (this.#offset + at - 2 < this.#start) return this.#fail('a part has no content')
      this.#keep(data.subarray(0, at))
      this.#endValue(this.#offset + at - 2)
      this.#state = DELIMITER
      return at + dashes.length
    }
    return -1
  }

  /** What follows the boundary: `--` in the last delimiter, white space, the end of the line. */
  #readDelimiter(data: Buffer): number {
    if (data.length < 2) return -1
    const last = data[0] === HYPHEN && data[1] === HYPHEN
    let at = last ? 2 : 0
    while (at < data.length && (data[at] === 0x20 || data[at] === 0x09)) at++
    if (at > LONGEST_PADDING) return this.#fail('a delimiter is too long')
    if (at + 1 >= data.length) return -1
    if (data[at] !== CR || data[at + 1] !== LF)
      return this.#fail('a delimiter does not end its line')
    this.closed = last
    this.#state = last ? TEXT : HEADERS
    return at + 2
  }

  #readHeaders(data: Buffer): number {
    const none = data[0] === CR && data[1] === LF
    const end = none ? 0 : data.indexOf(HEADERS_END)
    const length = end === -1 ? data.length : end
    if (length > LONGEST_HEADERS) return this.#fail("a part's headers are too long")
    if (end === -1) return -1
    const text = data.toString('latin1', 0, length)
    if (/(?<!\r)\n|\r(?!\n)/.test(text) || text.includes(this.#dashes.toString('latin1'))) {
      return this.#fail("a part's headers have no proper lines")
    }
    const taken = length + (none ? 2 : HEADERS_END.length)
    this.#start = this.#offset + taken
    this.#beginValue(readField(partHeaders(text)))
    this.#state = this.problem === null ? TEXT : BROKEN
    return taken
  }

  #beginValue(field: Field): void {
    if (field === 'doubt') this.problem = 'which part is `model` is in doubt'
    if (field === 'model' && ++this.#models > 1) this.problem = 'it names `model` more than once'
    if (field !== 'model' && field !== 'stream') return
    this.#field = field
    this.#kept = []
    this.#keptBytes = 0
  }

  #keep(bytes: Buffer): void {
    if (this.#field === null) return
    this.#keptBytes += bytes.length
    if (this.#keptBytes <= LONGEST_VALUE) this.#kept.push(bytes)
    else if (this.#field === 'model') this.#fail('its `model` is too long')
  }

  #endValue(end: number): void {
    const field = this.#field
    if (field === null || this.problem !== null) return
    this.#field = null
    const raw = Buffer.concat(this.#kept).subarray(0, end - this.#start)
    this.#kept = []
    if (field === 'stream') this.stream = /^(true|1|yes|on|t|y)$/i.test(raw.toString('latin1'))
    else this.#takeModel(raw, end)
  }

  #takeModel(raw: Buffer, end: number): void {
    const model = raw.toString()
    if (!Buffer.from(model).equals(raw)) {
      this.#fail('its `model` is no UTF-8')
      return
    }
    this.model = model
    this.modelStart = this.#start
    this.modelEnd = end
  }

  #fail(problem: string): -1 {
    this.problem ??= problem
    this.#state = BROKEN
    return -1
  }
}

type PartHeader = readonly [name: string, value: string]

/** Lines that begin with white space belong to the one before (RFC 5322 §2.2.3). */
function partHeaders(text: string): PartHeader[] {
  const lines = text.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n')
  return lines.flatMap<PartHeader>(line => {
    const colon = line.indexOf(':')
    if (colon === -1) return []
    return [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]]
  })
}

function readField(headers: readonly PartHeader[]): Field {
  const values = (wanted: string) =>
    headers.flatMap(([name, value]) => (name === wanted ? [value.toLowerCase()] : []))
  const field = fieldOf(
    headers.flatMap(([name, value]) => (name === 'content-disposition' ? [value] : [])),
  )
  if (field !== 'model') return field
  const coded = values('content-transfer-encoding').some(value => !PLAIN_CODINGS.has(value))
  const charsets = values('content-type').map(value => parameterOf(value, 'charset'))
  return coded || charsets.some(charset => !PLAIN_CHARSETS.has(charset)) ? 'doubt' : 'model'
}

const PLAIN_CODINGS = new Set(['7bit', '8bit', 'binary'])
const PLAIN_CHARSETS = new Set<string | null>([null, 'utf-8', 'utf8', 'us-ascii'])

/** How many bytes at the end of the data are a beginning of the text. */
function beginningAtEnd(data: Buffer, text: Buffer): number {
  const first = text[0] as number
  for (let at = Math.max(0, data.length - text.length + 1); at < data.length; at++) {
    if (data[at] !== first) continue
    if (data.compare(text, 0, data.length - at, at) === 0) return data.length - at
  }
  return 0
}
