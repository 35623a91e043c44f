import { BACKSLASH, OPEN_BRACKET, QUOTE } from './bytes.ts'
import { LONGEST_EVENT } from './sse.ts'

const NOTHING = Buffer.alloc(0)
/** `[` and `{`, `]` and `}` are the same byte once bit 5 is set, and no other byte is. */
const OPEN = 0x7b
const CLOSE = 0x7d
const BIT_5 = 0x20

/**
 * Finds the objects of a JSON array while its bytes arrive (RFC 8259): only strings and nesting are
 * understood. A document that is one object is that object. After `push`, call {@link next} until it is false.
 */
export class ElementScan {
  /** The element's bytes; empty where `oversized`. */
  data: Buffer = NOTHING
  /** It was larger than {@link LONGEST_EVENT} and only its end was found. */
  oversized = false
  /** The document's outermost bracket was closed. */
  complete = false

  #chunk: Buffer = NOTHING
  #at = 0
  #start = 0
  /** Open brackets, and how many are open around an element: one in an array, none otherwise. */
  #depth = 0
  #around = -1
  #inString = false
  #escaped = false
  #parts: Buffer[] = []
  #size = 0

  push(chunk: Buffer): void {
    this.#chunk = chunk
    this.#at = 0
    this.#start = 0
  }

  /** Steps to the next element; false when the bytes so far hold no more. */
  next(): boolean {
    const chunk = this.#chunk
    while (this.#at < chunk.length && !this.complete) {
      const at = this.#at++
      const byte = chunk[at] as number
      if (this.#inString) this.#inText(byte)
      else if (byte === QUOTE) this.#inString = true
      else if ((byte | BIT_5) === OPEN) this.#open(byte, at)
      else if ((byte | BIT_5) === CLOSE && this.#close(at)) return true
    }
    if (this.#around !== -1 && this.#depth > this.#around) this.#keep(chunk.length)
    return false
  }

  #inText(byte: number): void {
    if (this.#escaped) this.#escaped = false
    else if (byte === BACKSLASH) this.#escaped = true
    else if (byte === QUOTE) this.#inString = false
  }

  #open(byte: number, at: number): void {
    if (this.#around === -1) this.#around = byte === OPEN_BRACKET ? 1 : 0
    if (this.#depth === this.#around) this.#start = at
    this.#depth++
  }

  /** True where an element ended. */
  #close(at: number): boolean {
    if (this.#depth > 0) this.#depth--
    this.complete = this.#depth === 0
    if (this.#depth !== this.#around) return false
    this.#keep(at + 1)
    this.oversized = this.#size > LONGEST_EVENT
    this.data = this.oversized ? NOTHING : joined(this.#parts)
    this.#parts = []
    this.#size = 0
    return true
  }

  /** Keeps what the chunk holds, up to here, of an element. */
  #keep(end: number): void {
    this.#size += end - this.#start
    if (this.#size > LONGEST_EVENT) this.#parts = []
    else this.#parts.push(Buffer.from(this.#chunk.subarray(this.#start, end)))
  }
}

function joined(parts: readonly Buffer[]): Buffer {
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
}
