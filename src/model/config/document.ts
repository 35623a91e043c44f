import {
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  parseDocument,
  visit,
} from 'yaml'
import { BalanceError } from '../../base/errors.ts'
import type { ConfigText } from './search.ts'

export type KeyPath = readonly (string | number)[]

/** A parsed configuration file that knows where each of its values stands. */
export interface ConfigDocument {
  readonly path: string
  readonly value: unknown
  /** `file:line:column` of a value; of the nearest one around it where it is not there itself. */
  at(path: KeyPath): string
  /** The same of a key of the map at `path`. */
  atKey(path: KeyPath, key: string): string
}

/** Deeper nesting is no configuration; the YAML composer recurses, and would end the process. */
const DEEPEST = 64

/**
 * Reads YAML 1.2 (JSON is a subset of it) strictly: one document, keys once, known tags only.
 * @throws BalanceError config_invalid naming file, line and column; it repeats nothing of the file.
 */
export function readDocument({ path, text }: ConfigText): ConfigDocument {
  const lines = linesOf(text)
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${path}:${line}:${col}`
  }
  const fail = (offset: number, problem: string): never => {
    throw new BalanceError('config_invalid', `${place(offset)}: ${problem}.`)
  }

  refuseDepth(text, fail)
  const document = parseDocument(text, { prettyErrors: false })
  const [fault] = [...document.errors, ...document.warnings]
  if (fault) fail(fault.pos[0], PROBLEMS[fault.code] ?? 'this is not YAML')
  visit(document, {
    Alias(_, alias) {
      if (!alias.resolve(document))
        fail(startOf(alias), 'there is no anchor of this name before it')
    },
    Pair(_, { key }) {
      if (!isScalar(key)) return fail(startOf(key), 'a key must be a plain text')
      if (key.value === '__proto__') fail(startOf(key), 'there is no such key')
      return undefined
    },
  })

  const root = document.contents
  return {
    path,
    value: toValue(document, fail),
    at: keys => place(startOf(follow(root, keys))),
    atKey: (keys, key) => place(startOf(keyOf(follow(root, keys), key))),
  }
}

/** The parser's own is filled while it parses, and so not there for what is refused before. */
function linesOf(text: string): LineCounter {
  const lines = new LineCounter()
  lines.addNewLine(0)
  for (const { index } of text.matchAll(/\n/g)) lines.addNewLine(index + 1)
  return lines
}

/** In our words: the parser's own repeat pieces of the file, which may be secrets. */
const PROBLEMS: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'this alias is not understood',
  BAD_DIRECTIVE: 'this directive is not understood',
  BAD_DQ_ESCAPE: 'there is no such escape in double quotes',
  BAD_INDENT: 'this line is not indented like those it belongs to, or a bracket is not closed',
  BAD_SCALAR_START: 'a text that begins with this character must be put in quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'a value and names below it do not go together; indent names alike, and quote a text with ": "',
  BLOCK_IN_FLOW: 'a comma or a bracket is missing here, or a dash is one too many',
  DUPLICATE_KEY: 'this key is here twice',
  KEY_OVER_1024_CHARS: 'this key is too long',
  MISSING_CHAR: 'something is missing here: a colon, a comma, a quote or a bracket',
  MULTILINE_IMPLICIT_KEY: 'this is not "name: value"; a colon is followed by a space',
  MULTIPLE_DOCS: 'there must be one document only, without another --- line',
  RESOURCE_EXHAUSTION: 'this is nested too deeply',
  TAB_AS_INDENT: 'lines are indented with spaces, not with tabs',
  TAG_RESOLVE_FAILED: 'there is no such tag; a text that begins with ! must be put in quotes',
  UNEXPECTED_TOKEN: 'this is not expected here; a text with special characters needs quotes',
}

type Fail = (offset: number, problem: string) => never

/** Runs the parser's first stage, which does not recurse, over the text. */
function refuseDepth(text: string, fail: Fail): void {
  const parser = new Parser()
  for (const lexeme of new Lexer().lex(text)) {
    const complete = parser.next(lexeme)
    while (!complete.next().done);
    if (parser.stack.length > DEEPEST) fail(parser.offset, 'this is nested too deeply')
  }
}

function toValue(document: ReturnType<typeof parseDocument>, fail: Fail): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch {
    return fail(0, 'its aliases multiply beyond measure')
  }
}

/** The innermost node on the way along these keys: a value, or the key of one that is empty. */
function follow(root: unknown, keys: KeyPath): unknown {
  let node = root
  for (const key of keys) {
    const pair = pairOf(node, String(key))
    const next = pair ? (pair.value ?? pair.key) : isSeq(node) ? node.items[Number(key)] : null
    if (!next) return node
    node = next
  }
  return node
}

function keyOf(map: unknown, key: string): unknown {
  return pairOf(map, key)?.key ?? map
}

function pairOf(map: unknown, key: string) {
  if (!isMap(map)) return undefined
  return map.items.find(pair => isScalar(pair.key) && String(pair.key.value) === key)
}

function startOf(node: unknown): number {
  return (node as Node | null | undefined)?.range?.[0] ?? 0
}
