import type { IncomingMessage, ServerResponse } from 'node:http'
import { asBalanceError, BalanceError } from '../../base/errors.ts'
import { PAGE_HEADERS } from '../../gateway/dashboard.ts'
import type { AdminSession } from '../../model/admin.ts'
import { type Caller, isOperation, OPERATIONS, type Operation, type Operator } from '../api.ts'
import { parseInput } from '../input.ts'
import { sendJson } from './answer.ts'
import { parseQuery } from './query.ts'

type Operate = (input: unknown, caller: Caller) => Promise<unknown> | AsyncIterable<unknown>

/** A request for an operation, of somebody who is logged in. */
export interface Asked {
  readonly name: string
  readonly query: string
  readonly session: AdminSession
  /** Reads the body of a change. @param most bytes */
  readonly body: (most: number) => Promise<unknown>
  /** In force now. */
  readonly revision: () => number
}

/** On what was read: the revision that was in force before it was, for changes that are made from it. */
const REVISION_HEADER = 'x-balance-revision'

/**
 * Has an operation carried out and sends what comes of it. Which there are, and what they take, the
 * table of operations says alone.
 * @throws BalanceError not_found, method_not_allowed, invalid_value, and what the operation throws
 */
export async function dispatch(
  operator: Operator,
  { name, query, session, body, revision }: Asked,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const operation: Operation<unknown, unknown> | null = isOperation(name) ? OPERATIONS[name] : null
  if (operation === null || operation.door !== 'all') {
    throw new BalanceError('not_found', 'There is no such operation.')
  }
  const { input: schema, kind, largest } = operation
  requireMethod(request, response, kind === 'read' ? ['GET', 'HEAD'] : ['POST'])
  if (kind !== 'read' && query !== '') {
    throw new BalanceError('invalid_value', 'What a change takes belongs into its body.')
  }
  const input =
    kind === 'read'
      ? parseQuery(name, schema, query)
      : parseInput(name, schema, await body(largest))
  const left = new AbortController()
  response.on('close', () => left.abort())
  const caller = {
    who: `admin session ${session.id}`,
    session: session.id,
    signal: left.signal,
  }
  if (kind === 'read') response.setHeader(REVISION_HEADER, revision())
  const operate = (operator as unknown as Readonly<Record<string, Operate>>)[name] as Operate
  const outcome = operate.call(operator, input, caller)
  if (Symbol.asyncIterator in outcome) await sendRows(response, outcome)
  else sendJson(response, await outcome)
}

/** @throws BalanceError method_not_allowed */
export function requireMethod(
  { method = '' }: IncomingMessage,
  response: ServerResponse,
  methods: readonly string[],
): void {
  if (methods.includes(method)) return
  response.setHeader('allow', methods.join(', '))
  throw new BalanceError('method_not_allowed', `This takes ${methods.join(' and ')}.`)
}

/** One JSON text a line, as they come. An error that comes after the first is a line as well: the last. */
async function sendRows(response: ServerResponse, rows: AsyncIterable<unknown>): Promise<void> {
  try {
    for await (const row of rows) await sendRow(response, row)
  } catch (error) {
    if (!response.headersSent) throw error
    const { code, message } = asBalanceError(error)
    await sendRow(response, { error: { code, message } })
  }
  if (!response.headersSent) beginRows(response)
  response.end()
}

async function sendRow(response: ServerResponse, row: unknown): Promise<void> {
  if (!response.headersSent) beginRows(response)
  if (response.destroyed || response.write(`${JSON.stringify(row)}\n`)) return
  await new Promise<void>(resolve => {
    response.once('drain', resolve)
    response.once('close', resolve)
  })
}

function beginRows(response: ServerResponse): void {
  response.writeHead(200, { ...PAGE_HEADERS, 'content-type': 'application/x-ndjson' })
}
