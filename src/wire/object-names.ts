import { OBJECT_ID } from './objects.ts'

/** Objects that a JSON body names. */
export interface NamedObjects {
  /** Where an id stands by the vendors' documentation. */
  readonly named: readonly string[]
  /** Other strings that look like an id of one of the vendors. */
  readonly alike: readonly string[]
}

/** Members whose string, or whose list of strings, is an id. */
const MEMBERS: ReadonlySet<string> = new Set(
  `file_id file_ids input_file_id training_file validation_file previous_response_id conversation
  conversation_id assistant_id thread_id run_id container container_id vector_store_id vector_store_ids
  eval_id skill_id upload_id batch_id response_id video_id consent`
    .trim()
    .split(/\s+/),
)
/** Members whose object has the id as its `id`. */
const OWNERS: ReadonlySet<string> = new Set(
  'conversation container video voice source file characters'.split(' '),
)
/** Gemini's members, whose value is a name of two segments, or an address with one. */
const GEMINI_MEMBERS: ReadonlySet<string> = new Set(
  'cachedContent cached_content fileUri file_uri fileName file_name'.split(' '),
)
const GEMINI_NAME = /(?:^|\/)((?:files|cachedContents)\/[\w-]{1,128})/

/** Without any of these members, spelled as it is, a body has nothing that a client would name an object by. */
const HINT = new RegExp(`"(?:${[...MEMBERS, ...OWNERS, ...GEMINI_MEMBERS].join('|')})"\\s*:`)

/** What ids of OpenAI and Anthropic begin with. */
const ALIKE =
  /^(?:file|batch|vs|vsfb|asst|assistant|thread|run|step|msg|resp|conv|cntr|cfile|ftjob|ft|upload|eval|evalrun|video|voice|cons|skill|msgbatch|container|chatcmpl)[-_][\w-]{8,}$/

/** No id is longer, escapes included. */
const LONGEST = 1_600
/** Objects inside objects, beyond which an owner's name is not known any more. */
const DEEPEST = 256

/**
 * The objects that a JSON body names, in the order of their first mention. Every string is looked at, escaped
 * or not, also those of members named twice: whoever reads the body may take either.
 */
export function objectsNamed(body: Buffer): NamedObjects {
  return read(body.toString('latin1'))
}

/** The same of a body whose client hides nothing: far cheaper where it names none. */
export function objectsNamedPlainly(body: Buffer): readonly string[] {
  const text = body.toString('latin1')
  return HINT.test(text) ? read(text).named : []
}

function read(text: string): NamedObjects {
  const named = new Set<string>()
  const alike = new Set<string>()
  const owners: string[] = []
  let depth = 0
  let name = ''
  let at = 0
  for (;;) {
    const quote = text.indexOf('"', at)
    const end = quote === -1 ? text.length : quote
    for (; at < end; at++) {
      const char = text.charCodeAt(at)
      if (char === 0x7b) {
        if (depth++ < DEEPEST) owners.push(name)
      } else if (char === 0x7d && depth > 0) {
        if (--depth < DEEPEST) name = owners.pop() ?? ''
      }
    }
    if (quote === -1) break
    const close = endOfString(text, quote + 1)
    const value = close - quote > LONGEST ? null : decoded(text.slice(quote, close + 1))
    at = close + 1
    if (isName(text, at)) name = value ?? ''
    else if (value !== null) {
      const id = idOf(name, owners.at(-1) ?? '', value)
      if (id !== null) named.add(id)
      else if (ALIKE.test(value)) alike.add(value)
    }
  }
  return { named: [...named], alike: [...alike] }
}

/** Where the closing quote is; the text's end where there is none. */
function endOfString(text: string, from: number): number {
  for (let at = from; ; ) {
    const quote = text.indexOf('"', at)
    if (quote === -1) return text.length
    let first = quote
    while (first > from && text.charCodeAt(first - 1) === 0x5c) first--
    if ((quote - first) % 2 === 0) return quote
    at = quote + 1
  }
}

function decoded(literal: string): string | null {
  if (!literal.includes('\\')) return literal.slice(1, -1)
  try {
    return JSON.parse(literal)
  } catch {
    return null
  }
}

function isName(text: string, from: number): boolean {
  let at = from
  while (SPACE.has(text.charCodeAt(at))) at++
  return text.charCodeAt(at) === 0x3a
}

const SPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d])

function idOf(name: string, owner: string, value: string): string | null {
  if (GEMINI_MEMBERS.has(name)) return GEMINI_NAME.exec(value)?.[1] ?? null
  if (!MEMBERS.has(name) && !(name === 'id' && OWNERS.has(owner))) return null
  return OBJECT_ID.test(value) ? value : null
}
