import { MARK } from './answers.ts'

const HEAD_END = Buffer.from('\r\n\r\n')
const LAST_CHUNK = Buffer.from('0\r\n\r\n')
const LENGTH = /\r\ncontent-length: *(\d+)\r\n/i
/** What is asked for stands before the messages, or in a body that is short. */
const LOOKED_AT = 65_536
const SHOWN = 64

/** Finds the end of one HTTP/1.1 request after the other, and what it asks for; nothing is pipelined. */
export class RequestScan {
  /** Of the last complete request. */
  head = ''
  /** The mark of an answer and what follows it; empty without one. */
  start = ''
  #pending: Buffer[] = []
  #size = 0
  /** Bytes of the whole request; 0 while its head is not complete, infinite where it comes in chunks. */
  #wanted = 0
  #tail: Buffer = Buffer.alloc(0)

  /** @returns whether the request is complete */
  push(chunk: Buffer): boolean {
    if (this.#size < LOOKED_AT) this.#pending.push(chunk)
    this.#size += chunk.length
    if (this.#wanted === 0) this.#open()
    const complete =
      this.#wanted === Number.POSITIVE_INFINITY
        ? this.#endsInLastChunk(chunk)
        : this.#wanted !== 0 && this.#size >= this.#wanted
    if (complete) this.#finish()
    return complete
  }

  #open(): void {
    const bytes = joined(this.#pending)
    const end = bytes.indexOf(HEAD_END)
    if (end === -1) return
    this.head = bytes.toString('latin1', 0, end + 2)
    const [, length] = LENGTH.exec(this.head) ?? []
    const chunked = length === undefined && /\r\ntransfer-encoding:/i.test(this.head)
    this.#wanted = chunked ? Number.POSITIVE_INFINITY : end + HEAD_END.length + Number(length ?? 0)
  }

  #endsInLastChunk(chunk: Buffer): boolean {
    this.#tail = Buffer.concat([this.#tail, chunk]).subarray(-LAST_CHUNK.length)
    return this.#tail.equals(LAST_CHUNK)
  }

  #finish(): void {
    const bytes = joined(this.#pending)
    const at = bytes.indexOf(MARK)
    this.start = at === -1 ? '' : bytes.toString('latin1', at, at + SHOWN)
    this.#pending = []
    this.#size = 0
    this.#wanted = 0
  }
}

function joined(chunks: readonly Buffer[]): Buffer {
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
}
