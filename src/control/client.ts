import { existsSync } from 'node:fs'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { BalanceError, CATALOGUE, type ErrorCode } from '../base/errors.ts'
import type { RecordFilter } from '../model/record.ts'
import { socketPaths } from './address.ts'
import type { CallName, Given, Out, RowsName, TailLine } from './api.ts'

/** A daemon that does not answer an operation within this time is taken to be stuck. */
const PATIENCE_MS = 30_000

/** Speaks to the daemon of one store over its control socket. */
export class DaemonClient {
  readonly #path: string

  private constructor(path: string) {
    this.#path = path
  }

  /** The daemon serving this store on this host, or null when none answers. */
  static async connect(
    storeUrl: string,
    directories: readonly string[],
  ): Promise<DaemonClient | null> {
    for (const path of socketPaths(storeUrl, directories)) {
      const client = new DaemonClient(path)
      if (existsSync(path) && (await client.#answers())) return client
    }
    return null
  }

  /** @throws BalanceError `daemon_unreachable` when it went away, or what the daemon answered */
  async call<K extends CallName>(name: K, input: Given<K>): Promise<Out<K>> {
    const response = await this.#post(`/${name}`, input)
    return JSON.parse(await readAll(response).catch(unreachable)) as Out<K>
  }

  /** Rows as they come; ends the work where the reader leaves. @throws BalanceError as {@link call} */
  async *rows<K extends RowsName>(name: K, input: Given<K>): AsyncGenerator<Out<K>> {
    const response = await this.#post(`/${name}`, input)
    response.socket.setTimeout(0)
    try {
      for await (const line of linesOf(response)) {
        const row = JSON.parse(line) as { readonly error?: RemoteError }
        if (row.error !== undefined) throw remoteError(row.error)
        yield row as Out<K>
      }
    } finally {
      response.destroy()
    }
  }

  /** Exchanges as they end, until the daemon stops or the signal fires. */
  async *tail(filter: RecordFilter, signal?: AbortSignal): AsyncGenerator<TailLine> {
    const response = await this.#post('/tail', filter)
    // A follower may hear nothing for hours.
    response.socket.setTimeout(0)
    const stop = () => void response.destroy()
    signal?.addEventListener('abort', stop, { once: true })
    try {
      for await (const line of linesOf(response)) yield JSON.parse(line) as TailLine
    } catch (error) {
      if (!signal?.aborted && (error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error
    } finally {
      signal?.removeEventListener('abort', stop)
      response.destroy()
    }
  }

  async #answers(): Promise<boolean> {
    try {
      const response = await this.#send('/', {})
      response.resume()
      return true
    } catch {
      return false
    }
  }

  /** The response to what the daemon accepts; throws what it answers otherwise. */
  async #post(path: string, input: unknown): Promise<IncomingMessage> {
    const response = await this.#send(path, input).catch(unreachable)
    if (response.statusCode === 200) return response
    const text = await readAll(response).catch(unreachable)
    throw remoteError((JSON.parse(text) as { error?: RemoteError }).error)
  }

  /** The library is loaded here: most commands are typed where no daemon runs, or none is needed. */
  async #send(path: string, input: unknown): Promise<IncomingMessage> {
    const { request } = await import('node:http')
    return new Promise((resolve, reject) => {
      const sent: ClientRequest = request({
        socketPath: this.#path,
        path,
        method: 'POST',
        agent: false,
        timeout: PATIENCE_MS,
      })
      sent.on('response', resolve)
      sent.on('timeout', () => sent.destroy(new Error('no answer in time')))
      sent.on('error', reject)
      sent.end(JSON.stringify(input))
    })
  }
}

function unreachable(cause: unknown): never {
  throw new BalanceError('daemon_unreachable', 'The daemon does not answer.', {
    cause,
    hint: 'balance status',
  })
}

/** Not readline: its iterator never ends when the stream is destroyed. */
async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let rest = ''
  response.setEncoding('utf8')
  for await (const chunk of response) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

interface RemoteError {
  readonly code: string
  readonly message: string
  readonly hint?: string
}

function remoteError(error: RemoteError | undefined): BalanceError {
  const code =
    error !== undefined && Object.hasOwn(CATALOGUE, error.code)
      ? (error.code as ErrorCode)
      : 'failed'
  const options = error?.hint === undefined ? {} : { hint: error.hint }
  return new BalanceError(code, error?.message ?? 'The daemon refused.', options)
}
