import * as z from 'zod'
import type { ExchangeRecord, RecordFilter } from '../model/record.ts'
import type { Caller, Operation } from './operation.ts'
import { KEYS } from './operations/keys.ts'
import { LIVE } from './operations/live.ts'
import { LOG } from './operations/log.ts'
import { OVERVIEW } from './operations/overview.ts'
import { PROVIDERS } from './operations/providers.ts'
import { PROXIES } from './operations/proxies.ts'
import { ROUTES } from './operations/routes.ts'
import { SESSIONS } from './operations/sessions.ts'
import { SETTINGS_AND_AUDIT } from './operations/settings.ts'
import { TOKENS } from './operations/tokens.ts'

export type { Caller, InForce, Operation } from './operation.ts'

/**
 * The one table of what operators may ask a running daemon, with what each takes.
 * The control socket speaks exactly these, as `POST /<name>` with JSON both ways; the dashboard those
 * whose door is `all`.
 */
export const OPERATIONS = {
  ...LIVE,
  ...OVERVIEW,
  ...PROVIDERS,
  ...KEYS,
  ...TOKENS,
  ...PROXIES,
  ...ROUTES,
  ...SETTINGS_AND_AUDIT,
  ...LOG,
  ...SESSIONS,
}

type Table = typeof OPERATIONS
export type OperationName = keyof Table

/** Operations that answer once, and those that answer in rows. */
export type RowsName = {
  [K in OperationName]: Table[K]['kind'] extends 'rows' ? K : never
}[OperationName]
export type CallName = Exclude<OperationName, RowsName>

/** What an operation takes, as callers give it and as it is carried out. */
export type Given<K extends OperationName> = z.input<Table[K]['input']>
export type In<K extends OperationName> = z.output<Table[K]['input']>
/** What it answers; of `rows`, each row. */
export type Out<K extends OperationName> =
  Table[K] extends Operation<infer _In, infer Answer, infer _Kind, infer _Given> ? Answer : never

/** What carries the operations out: the daemon. */
export type Operator = {
  readonly [K in OperationName]: K extends RowsName
    ? (input: In<K>, caller: Caller) => AsyncIterable<Out<K>>
    : (input: In<K>, caller: Caller) => Promise<Out<K>>
}

export function isOperation(name: string): name is OperationName {
  return Object.hasOwn(OPERATIONS, name)
}

/** `POST /tail` takes a filter and streams lines, one JSON object each. */
export const TAIL_FILTER = z.strictObject({
  provider: z.string().exactOptional(),
  key: z.string().exactOptional(),
  token: z.string().exactOptional(),
  model: z.string().exactOptional(),
  status: z.string().exactOptional(),
  path: z.string().exactOptional(),
  requestId: z.string().exactOptional(),
}) satisfies z.ZodType<{ [K in keyof RecordFilter]?: unknown }>

/** An exchange that just ended; it may not be in the store yet, so it has no number. */
export type LiveExchange = Omit<ExchangeRecord, 'failures'>

/** A line of `tail`: an exchange, or how many were left out because the reader was slow. */
export type TailLine = { readonly exchange: LiveExchange } | { readonly dropped: number }
