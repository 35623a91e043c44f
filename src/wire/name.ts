import { BACKSLASH, QUOTE } from './bytes.ts'

/** Bytes of a name that are kept: any name looked for, with every character written as `\u0000`. */
const LONGEST_NAME = 96

/** Reads the name of a JSON member byte by byte; names too long to be looked for come out as null. */
export class NameReader {
  readonly #bytes = Buffer.allocUnsafe(LONGEST_NAME)
  #length = 0
  #afterBackslash = false
  #escapes = false

  /** Takes the next byte after the opening quote; true where it is the closing one. */
  ends(byte: number): boolean {
    if (this.#afterBackslash) {
      this.#afterBackslash = false
    } else if (byte === BACKSLASH) {
      this.#afterBackslash = true
      this.#escapes = true
    } else if (byte === QUOTE) {
      return true
    }
    if (this.#length < LONGEST_NAME) this.#bytes[this.#length] = byte
    this.#length++
    return false
  }

  /** The name, escapes decoded. Bytes beyond ASCII are not decoded. */
  take(): string | null {
    if (this.#length > LONGEST_NAME) return null
    const raw = this.#bytes.toString('latin1', 0, this.#length)
    return this.#escapes ? unescaped(raw) : raw
  }
}

function unescaped(raw: string): string | null {
  try {
    return JSON.parse(`"${raw}"`)
  } catch {
    return null
  }
}
