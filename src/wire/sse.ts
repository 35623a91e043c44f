import { COLON, CR, LF, SPACE } from './bytes.ts'

const DATA = Buffer.from('data')
const EVENT = Buffer.from('event')
const NOTHING = Buffer.alloc(0)
const NEWLINE = Buffer.from('\n')

/** Events beyond this are not looked into: 1 MiB. */
export const LONGEST_EVENT = 1_048_576
/** A carry buffer larger than this is given back once its event is over. */
const CARRY_KEPT = 65_536

/**
 * Finds the events of an event stream while its bytes arrive (WHATWG HTML §9.2.5-9.2.6): lines end
 * with LF, CR or CRLF, wherever a chunk ends; comments, `id` and `retry` are passed over; an event
 * without data is none. After `push` and `end`, call {@link next} until it is false.
 *
 * An event that lies in one chunk is not copied; one that does not is copied once.
 */
export class EventScan {
  /** The event's name; empty where it has none. */
  name = ''
  /** The event's data, a view that is valid until {@link next} is called again; empty where `oversized`. */
  data: Buffer = NOTHING
  /** It was larger than {@link LONGEST_EVENT} and only its end was found. */
  oversized = false

  #chunk: Buffer = NOTHING
  #at = 0
  /** Where in the chunk the event began. */
  #start = 0
  #emptyLine = true
  /** A CR was the last byte: an LF now belongs to it. */
  #afterCr = false
  /** The next LF and CR at or after `#at`; -1: not looked for yet, the chunk's length: none. */
  #nextLf = -1
  #nextCr = -1
  /** What an event left in earlier chunks. */
  #carry: Buffer = NOTHING
  #carried = 0
  #skipped = false
  /** The unfinished event's fields, as far as it lies in this chunk. */
  #name = ''
  #data: Buffer | null = null
  #moreData: Buffer[] = []
  /** In the stream's first event, whose first line may begin with a byte order mark. */
  #first = true

  /** Where in the chunk it stands: all before was read. */
  get at(): number {
    return this.#at
  }

  push(chunk: Buffer): void {
    this.#chunk = chunk
    this.#at = 0
    this.#start = 0
    this.#nextLf = -1
    this.#nextCr = -1
  }

  /**
   * The stream is over. What it left without a blank line counts as an event all the same:
   * clients that read line by line have acted on it.
   */
  end(): void {
    this.push(this.#emptyLine ? NEWLINE : Buffer.from('\n\n'))
    this.#afterCr = false
  }

  /** Steps to the next event; false when the bytes so far hold no more. */
  next(): boolean {
    const chunk = this.#chunk
    while (this.#at < chunk.length) {
      const byte = chunk[this.#at]
      if (this.#afterCr) {
        this.#afterCr = false
        if (byte === LF) {
          if (this.#start === this.#at && this.#carried === 0) this.#start++
          this.#at++
          continue
        }
      }
      if (this.#emptyLine && (byte === LF || byte === CR)) {
        const end = this.#at++
        this.#afterCr = byte === CR
        if (this.#take(end)) return true
        continue
      }
      this.#toLineEnd()
    }
    this.#keep()
    return false
  }

  #toLineEnd(): void {
    const chunk = this.#chunk
    const from = this.#at
    if (this.#nextLf < from) this.#nextLf = find(chunk, LF, from)
    if (this.#nextCr < from) this.#nextCr = find(chunk, CR, from)
    const end = Math.min(this.#nextLf, this.#nextCr)
    this.#emptyLine = end < chunk.length
    this.#afterCr = end === this.#nextCr && this.#emptyLine
    this.#at = Math.min(end + 1, chunk.length)
    if (this.#emptyLine && this.#carried === 0 && !this.#skipped) {
      this.#field(chunk, from === this.#start ? this.#afterMark(chunk, from) : from, end)
    }
  }

  /** Ends the event before the blank line at `end`; true where it is one to report. */
  #take(end: number): boolean {
    const from = this.#start
    const length = this.#carried + end - from
    this.#start = this.#at
    this.oversized = this.#skipped || length > LONGEST_EVENT
    if (this.#carried > 0 && !this.oversized) {
      this.#append(from, end)
      this.#readCarry(length)
    }
    if (this.#carry.length > CARRY_KEPT) this.#carry = NOTHING
    this.#carried = 0
    this.#skipped = false
    this.#first = false
    this.name = this.oversized ? '' : this.#name
    this.data = this.oversized ? NOTHING : this.#joined()
    this.#forget()
    return this.oversized || this.data.length > 0
  }

  /** Keeps what the chunk holds of an unfinished event. */
  #keep(): void {
    const size = this.#at - this.#start
    if (size === 0) return
    if (this.#skipped || this.#carried + size > LONGEST_EVENT) {
      this.#skipped = true
      this.#carried = 0
      this.#carry = NOTHING
    } else {
      this.#append(this.#start, this.#at)
      this.#carried += size
    }
    this.#start = this.#at
    this.#forget()
  }

  /** Copies a part of the chunk behind what is carried. */
  #append(from: number, to: number): void {
    const needed = this.#carried + to - from
    if (this.#carry.length < needed) {
      const larger = Buffer.allocUnsafe(Math.max(1_024, needed * 2))
      this.#carry.copy(larger, 0, 0, this.#carried)
      this.#carry = larger
    }
    this.#chunk.copy(this.#carry, this.#carried, from, to)
  }

  #readCarry(length: number): void {
    const block = this.#carry
    for (let at = this.#afterMark(block, 0); at < length; ) {
      const end = lineEnd(block, at, length)
      this.#field(block, at, end)
      at = end + 1
    }
  }

  #afterMark(block: Buffer, at: number): number {
    const marked = block[at] === 0xef && block[at + 1] === 0xbb && block[at + 2] === 0xbf
    return this.#first && marked ? at + 3 : at
  }

  #field(block: Buffer, from: number, end: number): void {
    const colon = nameEnd(block, from, end)
    if (isField(block, from, colon, DATA)) {
      const value = block.subarray(valueStart(block, colon, end), end)
      if (this.#data === null) this.#data = value
      else this.#moreData.push(NEWLINE, value)
    } else if (isField(block, from, colon, EVENT)) {
      this.#name = block.toString('utf8', valueStart(block, colon, end), end)
    }
  }

  #joined(): Buffer {
    if (this.#data === null) return NOTHING
    return this.#moreData.length === 0 ? this.#data : Buffer.concat([this.#data, ...this.#moreData])
  }

  #forget(): void {
    this.#name = ''
    this.#data = null
    if (this.#moreData.length > 0) this.#moreData = []
  }
}

function find(chunk: Buffer, byte: number, from: number): number {
  const at = chunk.indexOf(byte, from)
  return at === -1 ? chunk.length : at
}

function lineEnd(block: Buffer, from: number, to: number): number {
  for (let at = from; at < to; at++) if (block[at] === LF || block[at] === CR) return at
  return to
}

/** Where the field's name ends: at its colon, or with the line. No name that matters is longer. */
function nameEnd(block: Buffer, from: number, end: number): number {
  const last = Math.min(end, from + EVENT.length + 1)
  for (let at = from; at < last; at++) if (block[at] === COLON) return at
  return last
}

function isField(block: Buffer, from: number, colon: number, name: Buffer): boolean {
  if (colon - from !== name.length) return false
  for (let at = 0; at < name.length; at++) if (block[from + at] !== name[at]) return false
  return true
}

function valueStart(block: Buffer, colon: number, end: number): number {
  const start = Math.min(colon + 1, end)
  return block[start] === SPACE && start < end ? start + 1 : start
}
