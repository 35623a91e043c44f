import type { Tap } from '../model/dialect.ts'
import type { Outcome } from '../model/outcome.ts'
import { noUsage, type Usage } from '../model/usage.ts'
import { OPEN_BRACE } from './bytes.ts'
import { ContainerIds } from './container-ids.ts'
import { CodedText } from './content-coding.ts'
import type { Member } from './member.ts'
import { MemberScan } from './members.ts'
import { OBJECT_ID } from './objects.ts'
import { EventScan } from './sse.ts'

/** Members that hold the id of an object which the vendor made, and no id that a caller chose. */
const MADE = ['id', 'thread_id', 'output_file_id', 'error_file_id', 'result_files', 'file']
/** Where Gemini names one: a file that was uploaded, anything else. */
const MADE_BY_GEMINI = ['name', 'file']
/** The largest of their values that is looked into. */
const LONGEST_MEMBER = 16_384
/** Events of a stream that are looked into: its objects are told of first. */
const FIRST_EVENTS = 16

const GEMINI_NAME = /^(?:[A-Za-z]+\/[\w.-]{1,128}){1,2}(?:\/operations\/[\w.-]{1,128})?$/

/** How an answer is read. */
export interface ObjectForm {
  readonly events: boolean
  readonly gemini: boolean
  /** Its content coding; null: none. */
  readonly coding: string | null
  /** It tells of one object, and after that of the containers only that came with it. */
  readonly one: boolean
}

/** Looks for the ids of objects in an answer while its bytes are relayed; what another tap says stands. */
export class ObjectTap implements Tap {
  readonly usage: Usage
  readonly #inner: Tap | null
  readonly #reader: { push(chunk: Buffer): readonly string[] }
  readonly #coded: CodedText | null
  readonly #tell: (ids: readonly string[]) => void
  /** Null: the answer is of many objects. */
  readonly #containers: ContainerIds | null
  #over = false
  #lively = false

  /** @param tell is given ids as soon as they are read, before the chunk that held them goes down */
  constructor(inner: Tap | null, form: ObjectForm, tell: (ids: readonly string[]) => void) {
    this.usage = inner?.usage ?? noUsage()
    this.#inner = inner
    this.#reader = form.events ? new EventIds(form.gemini) : new DocumentIds(form.gemini)
    this.#coded = form.coding === null ? null : new CodedText(form.coding)
    this.#tell = tell
    this.#containers = form.one ? new ContainerIds() : null
  }

  push(chunk: Buffer): void {
    this.#lively = true
    this.#look(this.#coded === null ? chunk : this.#coded.push(chunk))
    this.#inner?.push(chunk)
  }

  #look(chunk: Buffer): void {
    const ids = this.#over ? [] : this.#reader.push(chunk)
    const containers = this.#containers?.push(chunk) ?? []
    if (ids.length > 0) this.#over = this.#containers !== null
    if (ids.length + containers.length > 0) this.#tell([...ids, ...containers])
  }

  end(): void {
    this.#inner?.end()
  }

  get meaningful(): boolean {
    return this.#inner?.meaningful ?? false
  }

  get terminated(): boolean {
    return this.#inner?.terminated ?? true
  }

  get failure(): Outcome | null {
    return this.#inner?.failure ?? null
  }

  get excess(): number {
    return this.#inner?.excess ?? 0
  }

  get lively(): boolean {
    return this.#inner?.lively ?? this.#lively
  }

  set lively(lively: boolean) {
    this.#lively = lively
    if (this.#inner !== null) this.#inner.lively = lively
  }
}

/** The ids that one JSON document tells of, as its chunks come. */
class DocumentIds {
  readonly #scan: MemberScan
  readonly #gemini: boolean
  readonly #taken = new Set<Member>()

  constructor(gemini: boolean) {
    this.#gemini = gemini
    this.#scan = new MemberScan(gemini ? MADE_BY_GEMINI : MADE, LONGEST_MEMBER)
  }

  push(chunk: Buffer): readonly string[] {
    if (this.#scan.complete) return []
    this.#scan.push(chunk)
    // A list's entries are not what this call made.
    if (this.#scan.shape !== 'object') return []
    const ids: string[] = []
    for (const member of this.#scan.members) {
      if (member.raw === null || this.#taken.has(member)) continue
      this.#taken.add(member)
      // As a string it would be a file's name.
      if (member.name === 'file' && member.raw[0] !== OPEN_BRACE) continue
      ids.push(...idsIn(member.raw, this.#gemini))
    }
    return ids
  }
}

/** The same of an event stream: of its first events, and of the response that they tell of. */
class EventIds {
  readonly #events = new EventScan()
  readonly #gemini: boolean
  #seen = 0

  constructor(gemini: boolean) {
    this.#gemini = gemini
  }

  push(chunk: Buffer): readonly string[] {
    if (this.#seen >= FIRST_EVENTS) return []
    const ids: string[] = []
    this.#events.push(chunk)
    while (this.#seen < FIRST_EVENTS && this.#events.next()) {
      this.#seen++
      ids.push(...idsOfEvent(this.#events.data, this.#gemini))
    }
    return ids
  }
}

function idsOfEvent(data: Buffer, gemini: boolean): readonly string[] {
  const scan = new MemberScan(['response'], 0)
  scan.push(data)
  const [response] = scan.members
  const object =
    response === undefined || response.end === -1
      ? data
      : data.subarray(response.start, response.end)
  return new DocumentIds(gemini).push(object)
}

/** The ids of a string, of a list of strings, or of an object that has one. */
function idsIn(raw: Buffer, gemini: boolean): readonly string[] {
  const value = parsed(raw)
  const shape = gemini ? GEMINI_NAME : OBJECT_ID
  return idStrings(value, gemini ? 'name' : 'id').filter(id => shape.test(id))
}

function idStrings(value: unknown, member: string): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.filter(each => typeof each === 'string')
  if (typeof value !== 'object' || value === null) return []
  const id = (value as Record<string, unknown>)[member]
  return typeof id === 'string' ? [id] : []
}

function parsed(raw: Buffer): unknown {
  try {
    return JSON.parse(raw.toString())
  } catch {
    return null
  }
}
