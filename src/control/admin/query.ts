import type { ZodType } from 'zod'
import { BalanceError } from '../../base/errors.ts'
import { printable } from '../../base/text.ts'
import { parseInput } from '../input.ts'

/**
 * What a query says, as an operation's schema wants it: numbers and flags are read from their texts,
 * and what may be null is null where it is not given.
 * @throws BalanceError invalid_value
 */
export function parseQuery<T>(operation: string, schema: ZodType<T>, query: string): T {
  const given: Record<string, unknown> = {}
  const members = membersOf(schema)
  for (const [name, text] of new URLSearchParams(query)) {
    if (Object.hasOwn(given, name)) {
      throw new BalanceError('invalid_value', `${printable(name, 64)}: it is given twice.`)
    }
    // Not by assignment: `__proto__` is a name like any other.
    const value = members.has(name) ? readAs(members.get(name), text) : text
    Object.defineProperty(given, name, { value, enumerable: true })
  }
  for (const [name, kind] of members) {
    if (kind?.nullable && !kind.optional && !Object.hasOwn(given, name)) given[name] = null
  }
  return parseInput(operation, schema, given)
}

interface Member {
  readonly type: string
  readonly nullable: boolean
  readonly optional: boolean
}

function readAs(member: Member | undefined, text: string): unknown {
  if ((member?.type === 'number' || member?.type === 'int') && /^-?\d+(\.\d+)?$/.test(text)) {
    return Number(text)
  }
  if (member?.type === 'boolean' && /^(true|false)$/.test(text)) return text === 'true'
  return text
}

/** As far as a schema of zod tells of itself. */
interface Definition {
  readonly type: string
  readonly shape?: Readonly<Record<string, ZodType>>
  readonly innerType?: ZodType
  readonly in?: ZodType
}

function membersOf(schema: ZodType): ReadonlyMap<string, Member> {
  const { shape = {} } = definitionOf(schema)
  return new Map(Object.entries(shape).map(([name, member]) => [name, memberOf(member)]))
}

function memberOf(schema: ZodType): Member {
  const { type, innerType, in: input } = definitionOf(schema)
  const inside = innerType ?? (type === 'pipe' ? input : undefined)
  if (inside === undefined) return { type, nullable: false, optional: false }
  const inner = memberOf(inside)
  return {
    type: inner.type,
    nullable: inner.nullable || type === 'nullable',
    optional: inner.optional || ['optional', 'default', 'prefault'].includes(type),
  }
}

function definitionOf(schema: ZodType): Definition {
  return schema.def as Definition
}
