import { asBalanceError, BalanceError, type ErrorCode } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import type { CatalogueSlice } from '../model/catalogue-slices.ts'
import type { ExchangeRecord } from '../model/record.ts'
import type { Actor, Store } from '../model/store.ts'
import type { StoreOptions } from './open.ts'
import { packRecords, unpackRecords } from './record-message.ts'

/** A verb of the store that is asked for by message. */
export type Verb = Exclude<keyof Store, 'url' | 'as'>

export interface Call {
  readonly id: number
  readonly verb: Verb
  readonly args: unknown
  /** Whose doing it is, and planned for which revision; null: the store's own actor. */
  readonly as: { readonly actor: Actor; readonly revision: number | null } | null
}

export type Reply =
  | { readonly opened: { readonly url: string } | { readonly error: PackedError } }
  | { readonly id: number; readonly value: unknown }
  /** Of a catalogue, which is too large to be told in one turn of a loop that has requests to serve. */
  | { readonly id: number; readonly slice: CatalogueSlice }
  | { readonly id: number; readonly error: PackedError }

/** What the thread is started with: all but the clock, which it has itself. */
export type ThreadOptions = Omit<StoreOptions, 'clock'>

interface PackedError {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string | null
  readonly retryAfter: number | null
  readonly cause: { readonly message: string; readonly stack: string } | null
}

/** No name that anybody can choose, of a header or a model, has a NUL in it. */
const SECRET = '\0secret'

/** Verbs called often, whose values hold no secret: they are not walked through. */
const PLAIN: ReadonlySet<Verb> = new Set([
  'revision',
  'heads',
  'records',
  'remember',
  'rememberOutages',
  'memories',
  'outages',
  'learnedSince',
  'rememberObjects',
  'findObjects',
  'newestObjects',
  'countObjects',
  'pruneObjects',
  'stats',
  'keyUsage',
  'traffic',
  'faults',
  'prune',
  'announce',
  'nodes',
  'takeLease',
])

export function packArgs(args: readonly unknown[], verb: Verb): unknown {
  if (verb !== 'record') return pack(args, verb)
  const [batch, ...rest] = args
  return [packRecords(batch as readonly ExchangeRecord[]), ...rest]
}

export function unpackArgs(args: unknown, verb: Verb): unknown[] {
  if (verb !== 'record') return unpack(args, verb) as unknown[]
  const [batch, ...rest] = args as unknown[]
  return [unpackRecords(batch as string), ...rest]
}

/** A verb's value, with secrets as the structured clone algorithm can carry them. */
export function pack(value: unknown, verb: Verb): unknown {
  return PLAIN.has(verb) ? value : packed(value)
}

export function unpack(value: unknown, verb: Verb): unknown {
  return PLAIN.has(verb) ? value : unpacked(value)
}

export function packOptions(options: ThreadOptions): unknown {
  return packed(options)
}

export function unpackOptions(value: unknown): ThreadOptions {
  return unpacked(value) as ThreadOptions
}

export function packError(thrown: unknown): PackedError {
  const { code, message, hint, retryAfter, cause } = asBalanceError(thrown)
  return { code, message, hint, retryAfter, cause: packCause(cause) }
}

export function unpackError({ code, message, hint, retryAfter, cause }: PackedError): BalanceError {
  return new BalanceError(code, message, {
    ...(hint !== null && { hint }),
    ...(retryAfter !== null && { retryAfter }),
    ...(cause !== null && { cause: Object.assign(new Error(cause.message), cause) }),
  })
}

/** By hand: the errors of better-sqlite3 are none to the structured clone algorithm. */
function packCause(cause: unknown): PackedError['cause'] {
  if (!(cause instanceof Error)) return null
  return { message: cause.message, stack: cause.stack ?? '' }
}

function packed(value: unknown): unknown {
  if (value instanceof Secret) return { [SECRET]: value.reveal() }
  return eachMember(value, packed)
}

function unpacked(value: unknown): unknown {
  if (isPlain(value)) {
    const secret = value[SECRET]
    if (typeof secret === 'string') return new Secret(secret)
  }
  return eachMember(value, unpacked)
}

function eachMember(value: unknown, change: (member: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(change)
  if (!isPlain(value)) return value
  const copy: Record<string, unknown> = {}
  for (const name of Object.keys(value)) copy[name] = change(value[name])
  return copy
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && value.constructor === Object
}
