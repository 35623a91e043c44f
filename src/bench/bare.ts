import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type Dispatcher, Pool } from 'undici'
import { listenOnLoopback } from './child.ts'
import type { BareReady, Upstreams } from './contender.ts'

/**
 * What the gateway is measured against: the least that node:http and undici need to pass a request
 * on and its answer back. It holds the body, keeps to the client's pace and notices when the client
 * leaves; it authenticates nobody, chooses nothing and writes nothing down.
 */
export async function runBare(upstreams: Upstreams): Promise<void> {
  process.on('disconnect', () => process.exit())
  const ready: BareReady = {
    json: await passingTo(upstreams.json),
    paced: await passingTo(upstreams.paced),
  }
  process.send?.(ready)
}

function passingTo(port: number): Promise<number> {
  const pool = new Pool(`http://127.0.0.1:${port}`, { headersTimeout: 0, bodyTimeout: 0 })
  return listenOnLoopback(
    createServer({ noDelay: true }, (request, response) => pass(request, response, pool)),
  )
}

const HOP_BY_HOP = new Set(['host', 'connection', 'content-length', 'transfer-encoding'])

function pass(request: IncomingMessage, response: ServerResponse, pool: Pool): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
    const options: Dispatcher.DispatchOptions = {
      method: request.method as Dispatcher.HttpMethod,
      path: request.url ?? '/',
      headers: withoutHopByHop(request.rawHeaders),
      body: body.length === 0 ? null : body,
    }
    pool.dispatch(options, new Passage(response))
  })
}

function withoutHopByHop(raw: readonly string[]): string[] {
  const head: string[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    if (!HOP_BY_HOP.has(name.toLowerCase())) head.push(name, raw[i + 1] as string)
  }
  return head
}

class Passage implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse
  #controller: Dispatcher.DispatchController | null = null
  #complete = false

  constructor(response: ServerResponse) {
    this.#response = response
    response.on('drain', () => this.#controller?.resume())
    response.on('close', () => {
      if (!this.#complete) this.#controller?.abort(new Error('client left'))
    })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[]>,
  ): void {
    delete headers.connection
    delete headers['keep-alive']
    delete headers['transfer-encoding']
    this.#response.writeHead(status, headers)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#response.write(chunk)) controller.pause()
  }

  onResponseEnd(): void {
    this.#complete = true
    this.#response.end()
  }

  onResponseError(): void {
    this.#response.destroy()
  }
}
