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
  #pieces: Buffer[] = []

  /** @param most the most bytes of the value that are kept */
  constructor(name: string, most: number) {
    this.name = name
    this.#most = most
  }

  open(start: number): void {
    this.count++
    this.start = start
    this.end = -1
    this.raw = null
    this.#pieces = []
  }

  /**
   * Takes what the chunk holds of the value.
   * @param offset of the chunk's first byte
   * @param end where in the chunk the value, or the chunk itself, ends
   */
  keep(chunk: Buffer, offset: number, end: number): void {
    if (offset + end - this.start > this.#most) this.#pieces = []
    else this.#pieces.push(chunk.subarray(Math.max(0, this.start - offset), end))
  }

  close(chunk: Buffer, offset: number, end: number): void {
    this.keep(chunk, offset, end)
    this.end = offset + end
    const [only, ...more] = this.#pieces
    if (only) this.raw = more.length === 0 ? only : Buffer.concat(this.#pieces)
    this.#pieces = []
  }
}
