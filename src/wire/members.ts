import {
  BACKSLASH,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  isSpace,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from './bytes.ts'
import { Member } from './member.ts'
import { NameReader } from './name.ts'
import { type Nesting, sharedNesting } from './nesting.ts'

/** `[` and `{`, `]` and `}` are the same byte once bit 5 is set, and no other byte is. */
const OPEN = 0x7b
const CLOSE = 0x7d
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]

const BEFORE = 0
const STRUCTURE = 1
const STRING = 2
const NAME = 3
const AFTER = 4
const BROKEN = 5

const A_NAME = 0
const A_COLON = 1
const A_VALUE = 2

/** A chunk of fewer bytes is read byte by byte: to begin otherwise would cost as much. */
const LARGE = 256
/** So much of a value is read byte by byte before {@link Nesting} is asked: most values are short. */
const SHORT = 64

/**
 * Finds members of a JSON document's top level while its bytes arrive, in one pass, without parsing.
 *
 * The document is an object, or an array of objects, whose members are then all "top-level" (a Gemini
 * stream without SSE is one). A byte order mark and white space around it are let pass. Only
 * strings, nesting and names are understood (RFC 8259); whether the rest is JSON is not judged.
 */
export class MemberScan {
  readonly members: readonly Member[]
  readonly #nesting: Nesting | null
  /** The outermost bracket was closed. */
  complete = false
  /** Bytes other than white space came after the end. */
  trailing = false
  /** What the document turned out to be. */
  shape: 'empty' | 'object' | 'array' | 'other' = 'empty'

  /** Reads a name that has an escape, or lies in two chunks; nearly none does. */
  #name: NameReader | null = null
  #state = BEFORE
  #expected = A_NAME
  #escaped = false
  #depth = 0
  /** The depth at which members are looked for. */
  #level = 1
  #offset = 0
  #marks = 0
  #named: Member | null = null
  #captured: Member | null = null

  /** @param keep the most bytes of a value that {@link Member.raw} holds */
  constructor(names: readonly string[], keep: number, nesting: Nesting | null = sharedNesting()) {
    this.members = names.map(name => new Member(name, keep))
    this.#nesting = nesting
  }

  push(chunk: Buffer): void {
    const { length } = chunk
    const nesting = length < LARGE ? null : this.#nesting
    const most = nesting === null ? length : SHORT
    for (let at = 0; at < length; ) {
      const to = Math.min(length, at + most)
      at = this.#step(chunk, at, to)
      if (nesting !== null && at === to && this.#isInside) at = this.#leap(chunk, at, nesting)
    }
    nesting?.forget()
    this.#captured?.keep(chunk, this.#offset)
    this.#offset += length
  }

  /** Reads on, as far as one state lasts; of what is inside a value no further than to `to`. */
  #step(chunk: Buffer, at: number, to: number): number {
    switch (this.#state) {
      case STRUCTURE:
        return this.#depth === this.#level ? this.#member(chunk, at) : this.#nested(chunk, at, to)
      case STRING:
        return this.#string(chunk, at, to)
      case NAME:
        return this.#readName(chunk, at)
      case BEFORE:
        return this.#before(chunk, at)
      case AFTER:
        if (!isSpace(chunk[at] as number)) this.trailing = true
        return at + 1
      default:
        return chunk.length
    }
  }

  /** Whether the place is inside a value, so that nothing matters but where that ends. */
  get #isInside(): boolean {
    if (this.#state === STRING) return this.#depth >= this.#level
    return this.#state === STRUCTURE && this.#depth > this.#level
  }

  /** Goes to before the end of the value, or of what is there of it. */
  #leap(chunk: Buffer, from: number, nesting: Nesting): number {
    const depth = this.#depth - this.#level
    const at = nesting.skip(chunk, from, depth, this.#state === STRING, this.#escaped)
    this.#depth = this.#level + nesting.depth
    this.#state = nesting.inString ? STRING : STRUCTURE
    this.#escaped = nesting.escaped
    return at
  }

  #before(chunk: Buffer, at: number): number {
    const byte = chunk[at] as number
    if (byte === BYTE_ORDER_MARK[this.#marks] && this.#offset + at === this.#marks) {
      this.#marks++
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      this.shape = byte === OPEN_BRACE ? 'object' : 'array'
      this.#level = byte === OPEN_BRACE ? 1 : 2
      this.#depth = 1
      this.#state = STRUCTURE
    } else if (!isSpace(byte)) {
      this.shape = 'other'
      this.#state = BROKEN
    }
    return at + 1
  }

  /** Inside a value, or between the objects of an array: only brackets and strings matter. */
  #nested(chunk: Buffer, from: number, to: number): number {
    const level = this.#level
    let depth = this.#depth
    let at = from
    while (at < to) {
      const byte = chunk[at++] as number
      if (byte === QUOTE) {
        this.#state = STRING
        at = this.#string(chunk, at, to)
        if (this.#state === STRING) break
        continue
      }
      const folded = byte | 0x20
      if (folded === OPEN) {
        depth++
        if (depth === level) {
          this.#expected = A_NAME
          break
        }
      } else if (folded === CLOSE) {
        depth--
        if (depth === level || depth === 0) break
      }
    }
    this.#depth = depth
    if (depth === 0) this.#finish()
    else if (depth === level && this.#state !== STRING) this.#close(chunk, at)
    return at
  }

  /** At the level of the members: reads up to the next string, bracket or end of the chunk. */
  #member(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at] as number
      if (byte === QUOTE) {
        if (this.#expected === A_NAME) this.#state = NAME
        else this.#openValue(at, STRING)
        return at + 1
      }
      const folded = byte | 0x20
      if (folded === OPEN) {
        this.#openValue(at, STRUCTURE)
        this.#depth++
        return at + 1
      }
      if (folded === CLOSE) {
        this.#close(chunk, at)
        this.#leave(byte)
        return at + 1
      }
      if (byte === COMMA) {
        this.#close(chunk, at)
        this.#expected = A_NAME
      } else if (byte === COLON) {
        if (this.#expected === A_COLON) this.#expected = A_VALUE
      } else if (isSpace(byte)) {
        this.#close(chunk, at)
      } else if (this.#expected === A_VALUE) {
        this.#openValue(at, STRUCTURE)
      }
    }
    return chunk.length
  }

  #leave(byte: number): void {
    if (byte === CLOSE_BRACKET && this.#depth === 1) {
      this.#state = BROKEN
      return
    }
    this.#depth--
    if (this.#depth === 0) this.#finish()
  }

  #finish(): void {
    this.complete = true
    this.#state = AFTER
  }

  #string(chunk: Buffer, from: number, to: number): number {
    let at = from
    if (this.#escaped) {
      this.#escaped = false
      at++
    }
    while (at < to) {
      const byte = chunk[at] as number
      if (byte === QUOTE) return this.#closeString(chunk, at + 1)
      at += byte === BACKSLASH ? 2 : 1
    }
    this.#escaped = at > to
    return to
  }

  #closeString(chunk: Buffer, at: number): number {
    this.#state = STRUCTURE
    if (this.#depth === this.#level) this.#close(chunk, at)
    return at
  }

  #readName(chunk: Buffer, from: number): number {
    const end = this.#name === null ? plainEnd(chunk, from) : -1
    if (end === -1) return this.#readLongName(chunk, from)
    this.#closeName()
    for (const member of this.members) if (member.isNamed(chunk, from, end)) this.#named = member
    return end + 1
  }

  #readLongName(chunk: Buffer, from: number): number {
    this.#name ??= new NameReader()
    for (let at = from; at < chunk.length; at++) {
      if (!this.#name.ends(chunk[at] as number)) continue
      const name = this.#name.take()
      this.#closeName()
      this.#named = this.members.find(member => member.name === name) ?? null
      return at + 1
    }
    return chunk.length
  }

  #closeName(): void {
    this.#state = STRUCTURE
    this.#expected = A_COLON
    this.#name = null
    this.#named = null
  }

  #openValue(at: number, state: number): void {
    this.#state = state
    if (this.#expected !== A_VALUE || this.#captured || !this.#named) return
    this.#captured = this.#named
    this.#captured.open(this.#offset + at)
    this.#named = null
  }

  /** Ends the value being captured, if one is. */
  #close(chunk: Buffer, at: number): void {
    if (!this.#captured) return
    this.#captured.close(chunk, this.#offset, at)
    this.#captured = null
  }
}

/** Where a name ends that is plain and lies in this chunk; -1 for any other. */
function plainEnd(chunk: Buffer, from: number): number {
  for (let at = from; at < chunk.length; at++) {
    const byte = chunk[at]
    if (byte === QUOTE) return at
    if (byte === BACKSLASH) return -1
  }
  return -1
}
