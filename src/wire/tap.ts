import type { Tap } from '../model/dialect.ts'
import type { Outcome } from '../model/outcome.ts'
import { noUsage, type Usage } from '../model/usage.ts'
import { COLON, isSpace, OPEN_BRACE, QUOTE } from './bytes.ts'
import type { Member } from './member.ts'
import { MemberScan } from './members.ts'
import { EventScan } from './sse.ts'
import { type Json, parseJson } from './usage.ts'

/** What reading an event may tell of a stream. */
export interface Reading {
  meaningful: boolean
  terminated: boolean
  failure: Outcome | null
  readonly usage: Usage
}

/** What a dialect reads from one event; it sets the tap's fields. */
export type EventReader = (tap: StreamTap, name: string, data: Buffer) => void

/** Watches an event stream for one dialect. */
export class StreamTap implements Tap {
  meaningful = false
  terminated = false
  failure: Outcome | null = null
  lively = false
  excess = 0
  /** Nothing may follow what was read. */
  over = false
  readonly usage: Usage = noUsage()

  readonly #events = new EventScan()
  readonly #read: EventReader

  constructor(read: EventReader) {
    this.#read = read
  }

  push(chunk: Buffer): void {
    if (this.over) {
      this.excess = surplus(chunk, 0)
      return
    }
    this.#events.push(chunk)
    this.#drain()
    if (this.over) this.excess = surplus(chunk, this.#events.at)
  }

  end(): void {
    if (this.over) return
    this.#events.end()
    // A stream that broke off inside its last event did not say what that event's name promises.
    if (this.#events.next() && !isHalf(this.#events.data)) this.#take()
  }

  #drain(): void {
    while (!this.over && this.#events.next()) this.#take()
  }

  #take(): void {
    this.lively = true
    // No prologue is so large.
    if (this.#events.oversized) this.meaningful = true
    else this.#read(this, this.#events.name, this.#events.data)
    // After an error there is no more of an answer.
    if (this.failure !== null) this.over = true
  }
}

/** Whether it is a JSON object cut short. */
function isHalf(data: Buffer): boolean {
  return data[0] === OPEN_BRACE && parseJson(data) === undefined
}

/** Bytes from here on; none where they are blank. */
function surplus(chunk: Buffer, from: number): number {
  for (let at = from; at < chunk.length; at++) if (!isSpace(chunk[at])) return chunk.length - from
  return 0
}

/** How a dialect reads a JSON answer. */
export interface AnswerReader {
  /** The member that holds the usage. */
  readonly usage: string
  readUsage(from: Json, into: Usage): void
  /** What an `error` member means in an answer whose status says that all is well; null: nothing. */
  failureOf(error: Json): Outcome | null
}

/** The largest `usage` or `error` member that is read. */
const LONGEST_MEMBER = 65_536

/** Watches a JSON answer: nothing but the members named by the reader is ever parsed. */
export class JsonTap implements Tap {
  /** The document is complete, and is no error. */
  meaningful = false
  /** The outermost object or array was closed. */
  terminated = false
  failure: Outcome | null = null
  lively = false
  readonly excess = 0
  readonly usage: Usage = noUsage()

  readonly #scan: MemberScan
  readonly #reader: AnswerReader

  constructor(reader: AnswerReader) {
    this.#reader = reader
    this.#scan = new MemberScan([reader.usage, 'error'], LONGEST_MEMBER)
  }

  push(chunk: Buffer): void {
    this.lively = true
    this.#scan.push(chunk)
    if (this.#scan.complete && !this.terminated) this.#finish()
  }

  end(): void {}

  #finish(): void {
    const [usage, error] = this.#scan.members
    this.terminated = true
    this.#reader.readUsage(parsed(usage), this.usage)
    this.failure = this.#reader.failureOf(parsed(error))
    this.meaningful = this.failure === null
  }
}

function parsed(member: Member | undefined): Json {
  return member?.raw ? parseJson(member.raw) : undefined
}

/**
 * Whether the bytes hold a member of one of these names, with an object or a string for its value.
 * Inside a JSON string none can be found: there the quotes are escaped.
 * @param names with their quotes
 */
export function holds(data: Buffer, names: readonly Buffer[]): boolean {
  const last = data.length - 1
  for (let at = 0; at < last; at++) {
    if (data[at] !== QUOTE) continue
    const initial = data[at + 1]
    for (const name of names) {
      if (name[1] === initial && isMember(data, at, name)) return true
    }
  }
  return false
}

function isMember(data: Buffer, from: number, name: Buffer): boolean {
  for (let at = 2; at < name.length; at++) if (data[from + at] !== name[at]) return false
  const colon = afterSpace(data, from + name.length)
  if (data[colon] !== COLON) return false
  const value = data[afterSpace(data, colon + 1)]
  return value === OPEN_BRACE || value === QUOTE
}

function afterSpace(data: Buffer, from: number): number {
  let at = from
  while (isSpace(data[at])) at++
  return at
}
