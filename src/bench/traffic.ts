import { type Answer, markOf, piecesOf } from './answers.ts'

/** One kind of request, and the answer that belongs to it. */
export interface Traffic {
  readonly model: string
  /** Null: the fixed JSON answer. */
  readonly answer: Answer | null
  /** At least, of the request's body. */
  readonly bytes: number
  /** Whether `model` stands behind the messages. */
  readonly modelLast: boolean
}

export const MODEL = 'bench-1'
/** What the gateway is asked for where it is to put {@link MODEL} in its place. */
export const ALIAS = 'fast'

const KB = 1_000

/** A chat of 1 KB with the fixed answer. */
export const JSON_TRAFFIC: Traffic = { model: MODEL, answer: null, bytes: KB, modelLast: false }

export function streamed(answer: Answer): Traffic {
  return { ...JSON_TRAFFIC, answer }
}

export function body(bytes: number, modelLast: boolean): Traffic {
  return { ...JSON_TRAFFIC, bytes, modelLast }
}

/** How long an answer is that came as the upstream sent it. */
export interface Length {
  /** At least, body bytes. */
  readonly bytes: number
  /** What may come on top any number of times; 0: nothing. */
  readonly repeated: number
}

export function lengthOf({ answer }: Traffic): Length {
  const sizes = piecesOf(answer).map(piece => Buffer.byteLength(piece))
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  return { bytes, repeated: answer?.kind === 'held' ? (sizes[1] ?? 0) : 0 }
}

/** What is wrong with an answer of so many bytes; null where nothing is. */
export function faultIn(received: number, { bytes, repeated }: Length): string | null {
  const over = received - bytes
  if (over === 0 || (over > 0 && repeated > 0 && over % repeated === 0)) return null
  return `An answer has ${received} bytes instead of ${bytes}.`
}

/** What the CPU is divided by: the pieces of a streamed answer, else the answer. */
export function unitsOf({ answer }: Traffic): number {
  return piecesOf(answer).length
}

/** The body as official clients write it. */
export function requestBody({ model, answer, bytes, modelLast }: Traffic): string {
  const named = `"model":"${model}"`
  const asked = answer === null ? '' : `"stream":true,"user":"${markOf(answer)}",`
  const text = messages(bytes)
  return modelLast ? `{${asked}${text},${named}}` : `{${named},${asked}${text}}`
}

/** What stands in one message: prose with the escapes that prose has. */
const PARAGRAPH = 'Tell me about \\"load balancers\\".\\n'
const LONGEST_MESSAGE = 2 * KB

function messages(bytes: number): string {
  const all = ['{"role":"system","content":"You are brief."}']
  for (let left = bytes; left > 0; left -= LONGEST_MESSAGE) {
    const times = Math.ceil(Math.min(left, LONGEST_MESSAGE) / PARAGRAPH.length)
    all.push(`{"role":"user","content":"${PARAGRAPH.repeat(times)}"}`)
  }
  return `"messages":[${all.join(',')}]`
}
