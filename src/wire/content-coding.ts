import { brotliDecompressSync, constants, gunzipSync, inflateSync } from 'node:zlib'

/** So much of a coded answer is looked into, and so much of what it says. */
const MOST_CODED = 65_536
const MOST_PLAIN = 1_048_576

type Decode = (coded: Buffer) => Buffer

const ZLIB = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MOST_PLAIN }
const BROTLI = { finishFlush: constants.BROTLI_OPERATION_FLUSH, maxOutputLength: MOST_PLAIN }

/** Content codings that can be read here (RFC 9110 §8.4.1), also of an answer that is not complete. */
const DECODERS: ReadonlyMap<string, Decode> = new Map([
  ['gzip', coded => gunzipSync(coded, ZLIB)],
  ['x-gzip', coded => gunzipSync(coded, ZLIB)],
  ['deflate', coded => inflateSync(coded, ZLIB)],
  ['br', coded => brotliDecompressSync(coded, BROTLI)],
])

/** Whether an answer in any coding that this header asks for can be read here. */
export function isReadable(acceptEncoding: string | undefined): boolean {
  const names = (acceptEncoding ?? 'identity').toLowerCase().split(',')
  return names.every(name => {
    const coding = name.split(';', 1)[0]?.trim() ?? ''
    return coding === '' || coding === 'identity' || DECODERS.has(coding)
  })
}

/** What a coded answer says while its bytes go by: its beginning, for who need not have all of it. */
export class CodedText {
  readonly #decode: Decode | undefined
  #coded: Buffer = Buffer.alloc(0)
  #read = 0
  #over = false

  /** @param coding as `content-encoding` has it */
  constructor(coding: string) {
    this.#decode = DECODERS.get(coding.toLowerCase())
  }

  /** What this chunk adds; nothing once more came than is looked into, or what is no such coding. */
  push(chunk: Buffer): Buffer {
    if (this.#decode === undefined || this.#over) return Buffer.alloc(0)
    this.#coded = Buffer.concat([this.#coded, chunk])
    if (this.#coded.length > MOST_CODED) return this.#end()
    try {
      const plain = this.#decode(this.#coded)
      const fresh = plain.subarray(this.#read)
      this.#read = plain.length
      return fresh
    } catch {
      return this.#end()
    }
  }

  #end(): Buffer {
    this.#over = true
    this.#coded = Buffer.alloc(0)
    return this.#coded
  }
}
