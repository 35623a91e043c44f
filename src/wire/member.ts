/** A top-level member that was looked for. Offsets count from the first byte of the document. */
export class Member {
  readonly name: string
  /** How often it occurred; with more than one, the rest describes the last. */
  count = 0
  /** The value's first byte, and the byte after its last; -1 where it did not occur. */
  start = -1
  end = -1
  /** The value's bytes; null where there are none, or more than are kept. */
  raw: Buffer | null = null

  readonly #most: number
  /** What earlier chunks hold of the value; null for one that lies in a single chunk. */
  #pieces: Buffer[] | null = null

  /** @param most the most bytes of the value that are kept */
  constructor(name: string, most: number) {
    this.name = name
    this.#most = most
  }

  /** Whether these bytes, without an escape, are its name; names looked for are ASCII. */
  isNamed(bytes: Buffer, from: number, end: number): boolean {
    const { name } = this
    if (name.length !== end - from) return false
    for (let i = 0; i < name.length; i++) {
      if (bytes[from + i] !== name.charCodeAt(i)) return false
    }
    return true
  }

  open(start: number): void {
    this.count++
    this.start = start
    this.end = -1
    this.raw = null
    this.#pieces = null
  }

  /**
   * Takes what the chunk holds of a value that goes on after it.
   * @param offset of the chunk's first byte
   */
  keep(chunk: Buffer, offset: number): void {
    const fits = offset + chunk.length - this.start <= this.#most
    this.#pieces = fits ? [...(this.#pieces ?? []), this.#piece(chunk, offset, chunk.length)] : null
  }

  /** @param end where in the chunk the value ends */
  close(chunk: Buffer, offset: number, end: number): void {
    this.end = offset + end
    if (this.end - this.start > this.#most) return
    const last = this.#piece(chunk, offset, end)
    this.raw = this.#pieces === null ? last : Buffer.concat([...this.#pieces, last])
    this.#pieces = null
  }

  #piece(chunk: Buffer, offset: number, end: number): Buffer {
    return chunk.subarray(Math.max(0, this.start - offset), end)
  }
}
