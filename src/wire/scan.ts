import { MemberScan } from './members.ts'

/** A model name longer than this, quotes and escapes included, is no name that anybody serves. */
const LONGEST_MODEL = 65_536

/** What the only JSON values begin with that are true or false. */
const TRUE = 0x74
const FALSE = 0x66

/**
 * Reads what the gateway must know of a JSON request body while its chunks arrive: the top-level
 * `model`, `stream` and `store`, escapes decoded. The fields are valid after {@link end}.
 *
 * It refuses only what would leave the first two in doubt; any other fault is the upstream's to find.
 */
export class BodyScan {
  /** Null where there is none, or one that is no string. */
  model: string | null = null
  /** Offsets in the body of the model's value, quotes included; -1 where `model` is null. */
  modelStart = -1
  modelEnd = -1
  stream = false
  /** Its `store`; null where it has none that is true or false. */
  store: boolean | null = null
  /** Why the body must be refused, as the end of a sentence; null where it need not be. */
  problem: string | null = null

  readonly #scan = new MemberScan(['model', 'stream', 'store'], LONGEST_MODEL)

  push(chunk: Buffer): void {
    this.#scan.push(chunk)
  }

  end(): void {
    this.problem = findProblem(this.#scan)
    if (this.problem !== null) return
    const [model, stream, store] = this.#scan.members
    // Of all JSON values only `true` begins so; what else may follow is the upstream's to refuse.
    this.stream = stream?.raw?.[0] === TRUE
    const stored = store?.raw?.[0]
    if (stored === TRUE || stored === FALSE) this.store = stored === TRUE
    const name = model?.raw ? parseString(model.raw) : null
    if (model && name !== null) {
      this.model = name
      this.modelStart = model.start
      this.modelEnd = model.end
    }
  }
}

/**
 * The body with another model name in the place of the scanned one; no other byte is touched or copied.
 * @param body the chunks that the scan was given
 */
export function spliceModel(body: readonly Buffer[], scan: BodyScan, model: string): Buffer[] {
  if (scan.modelStart === -1) return [...body]
  return splice(body, scan.modelStart, scan.modelEnd, Buffer.from(JSON.stringify(model)))
}

/** The chunks with other bytes in the place of a range of theirs. */
export function splice(
  chunks: readonly Buffer[],
  start: number,
  end: number,
  bytes: Buffer,
): Buffer[] {
  return [...range(chunks, 0, start), bytes, ...range(chunks, end, Number.POSITIVE_INFINITY)]
}

function findProblem(scan: MemberScan): string | null {
  if (scan.shape === 'empty') return 'it is empty'
  if (scan.shape !== 'object') return 'it is not an object'
  if (!scan.complete) return 'it ends inside a string or an object'
  if (scan.trailing) return 'it goes on after the end of the object'
  const twice = scan.members.find(({ name, count }) => name !== 'store' && count > 1)
  return twice ? `it names \`${twice.name}\` more than once` : null
}

function parseString(raw: Buffer): string | null {
  if (raw[0] !== 0x22) return null
  try {
    return JSON.parse(raw.toString())
  } catch {
    return null
  }
}

function range(chunks: readonly Buffer[], start: number, end: number): Buffer[] {
  const found: Buffer[] = []
  let offset = 0
  for (const chunk of chunks) {
    const from = Math.max(0, start - offset)
    const to = Math.min(chunk.length, end - offset)
    if (from < to) found.push(chunk.subarray(from, to))
    offset += chunk.length
  }
  return found
}
