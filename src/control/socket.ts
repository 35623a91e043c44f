import { lstatSync, mkdirSync, renameSync, type Stats, unlinkSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { asBalanceError, BalanceError } from '../base/errors.ts'
import { userName } from '../base/user.ts'
import { type ControlFolders, socketPaths } from './address.ts'
import { type Caller, isOperation, OPERATIONS, type Operator, TAIL_FILTER } from './api.ts'
import { DaemonClient } from './client.ts'
import { parseInput } from './input.ts'
import { listenPrivately } from './private-socket.ts'
import type { TailHub } from './tail.ts'

/** Of a filter, or of what is no operation. */
const LARGEST_BODY = 1_048_576

/** The control socket of a running daemon: mode 0600, so only its own user and root may ask. */
export class ControlSocket {
  readonly path: string
  readonly #server: Server

  private constructor(path: string, server: Server) {
    this.path = path
    this.#server = server
  }

  /**
   * Claims the store on this host by listening in the first of our folders that can be used.
   * @throws BalanceError `already_running` naming the pid and address of the daemon that has it
   */
  static async open(
    storeUrl: string,
    { own, searched }: ControlFolders,
    operator: Operator,
    tail: TailHub,
  ): Promise<ControlSocket> {
    const paths = socketPaths(storeUrl, own)
    await refuseSecond(storeUrl, searched)
    const server = createServer(
      (request, response) => void answer(request, response, operator, tail),
    )
    for (const path of paths) {
      if (await claim(server, path, () => refuseSecond(storeUrl, searched))) {
        return new ControlSocket(path, server)
      }
    }
    throw new BalanceError('failed', 'There is no folder for the control socket.', {
      hint: `Looked at ${paths.join(', ')}.`,
    })
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

async function refuseSecond(storeUrl: string, directories: readonly string[]): Promise<void> {
  const other = await DaemonClient.connect(storeUrl, directories)
  if (other === null) return
  const { pid, url } = await other.call('status', {})
  throw new BalanceError(
    'already_running',
    `A daemon serves this store already: pid ${pid}, ${url ?? 'which is still starting'}.`,
    {
      hint: 'balance status shows it, balance stop ends it.',
    },
  )
}

/**
 * Listens at the path, in place of a socket that nobody answers; false where it can't. Of several
 * that start at once only one gets to listen; the others find it when they ask again.
 */
async function claim(
  server: Server,
  path: string,
  refuseIfAnswered: () => Promise<void>,
): Promise<boolean> {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    for (let left = TRIES; left > 0; left--) {
      const there = lstatSync(path, { throwIfNoEntry: false })
      if (await listenPrivately(server, path)) return true
      await refuseIfAnswered()
      if (there !== undefined) moveAside(path, there)
    }
    return false
  } catch (error) {
    if (error instanceof BalanceError) throw error
    return false
  }
}

const TRIES = 5

/** Removes a socket found dead. One that came in its place meanwhile is alive: it is put back. */
function moveAside(path: string, dead: Stats): void {
  const aside = `${path}.${process.pid}`
  renameSync(path, aside)
  const { ino, mtimeMs } = lstatSync(aside)
  if (ino === dead.ino && mtimeMs === dead.mtimeMs) unlinkSync(aside)
  else renameSync(aside, path)
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  operator: Operator,
  tail: TailHub,
): Promise<void> {
  try {
    const name = (request.url ?? '/').slice(1)
    const operation = isOperation(name) ? OPERATIONS[name] : null
    const given = await readJson(request, operation?.largest ?? LARGEST_BODY)
    if (name === 'tail') return tail.stream(parseInput('tail', TAIL_FILTER, given), response)
    if (operation === null || !isOperation(name)) return send(response, 404, refusal(unknown(name)))
    const input = parseInput<unknown>(name, operation.input, given)
    const operate = operator[name] as (input: unknown, caller: Caller) => unknown
    const answered = operate.call(operator, input, callerOf(response))
    if (operation.kind === 'rows') await sendRows(response, answered as AsyncIterable<unknown>)
    else send(response, 200, await answered)
  } catch (error) {
    send(response, 400, refusal(asBalanceError(error)))
  }
}

function unknown(name: string): BalanceError {
  return new BalanceError('no_such', `No operation ${name}.`, {
    hint: 'The daemon may be of another version than whoever asks: balance status',
  })
}

/** Only the daemon's own user and root can open the socket. */
function callerOf(response: ServerResponse): Caller {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  return { who: `${userName()}@${hostname()}`, session: null, signal: gone.signal }
}

/** One a line; what goes wrong after the first is told in the last. */
async function sendRows(response: ServerResponse, rows: AsyncIterable<unknown>): Promise<void> {
  const head = () => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  }
  try {
    for await (const row of rows) {
      head()
      response.write(`${JSON.stringify(row)}\n`)
    }
    head()
  } catch (error) {
    if (!response.headersSent) throw error
    response.write(`${JSON.stringify(refusal(asBalanceError(error)))}\n`)
  }
  response.end()
}

async function readJson(request: IncomingMessage, largest: number): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    // Read to its end all the same: leaving would close the connection before the answer.
    if (size <= largest) chunks.push(chunk as Buffer)
  }
  if (size === 0) return {}
  if (size > largest) throw new BalanceError('invalid_value', 'The request is too large.')
  try {
    return JSON.parse(Buffer.concat(chunks).toString())
  } catch (cause) {
    throw new BalanceError('invalid_value', 'The request is not JSON.', { cause })
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

function refusal({ code, message, hint }: BalanceError): unknown {
  return { error: { code, message, ...(hint === null ? {} : { hint }) } }
}
