import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type Clock, systemClock } from '../base/clock.ts'
import { asBalanceError, BalanceError } from '../base/errors.ts'
import { BEHAVIOURS, type Behaviour } from './behaviours.ts'
import { endpointOf } from './endpoint.ts'
import { Exchange, type Setting } from './exchange.ts'
import { Playbook, type UnknownKey } from './playbook.ts'
import { random } from './random.ts'
import { type MockRequest, receive } from './request.ts'
import type { Scripts } from './script.ts'
import { splitEvents } from './sse.ts'

export { scriptsFromObject } from './script.ts'
export type { MockRequest, Scripts, UnknownKey }
export { BEHAVIOURS }

export interface MockOptions {
  /** 0, the default: any free one. */
  readonly port?: number
  /** Tokens a second in streams; 0, the default: as fast as the client reads. */
  readonly rate?: number
  /** Tokens of every answer that the request does not limit to fewer; 32. */
  readonly tokens?: number
  /** Scripts by key, `*` for every other key; without one a key is answered properly. */
  readonly scripts?: Scripts
  readonly unknownKey?: UnknownKey
  /** For `flaky`; 1. */
  readonly seed?: number
  readonly models?: readonly string[]
  /** The bytes of every stream, in place of the model's text. */
  readonly fixedStream?: Buffer
  /** Takes a request over by returning true; it is recorded all the same. */
  readonly respond?: (request: MockRequest, response: ServerResponse) => boolean
  /** How many requests are kept at least; 10,000. */
  readonly keep?: number
  readonly clock?: Clock
}

/** A running simulated provider. */
export interface Mock {
  /** `http://127.0.0.1:PORT/v1`, as a provider's base URL. */
  readonly url: string
  readonly port: number
  /** The newest requests, oldest first. */
  readonly requests: readonly MockRequest[]
  /** Connections accepted since the start, and open now. */
  readonly connections: number
  readonly open: number
  /** Requests whose client left before they, or their answers, were complete. */
  readonly aborted: number
  /** Calls for each request once its body is complete, before it is answered; returns how to stop that. */
  onRequest(listener: (request: MockRequest) => void): () => void
  /** The first request that becomes complete after this call. */
  nextRequest(): Promise<MockRequest>
  /** The first request whose client leaves after this call. */
  nextAbort(): Promise<MockRequest>
  /** Gives a key (or `*`) a script, from its beginning. */
  setScript(key: string, script: string): void
  /** Ends every connection, then listening. */
  close(): Promise<void>
}

/**
 * Starts a simulated OpenAI-compatible provider on 127.0.0.1.
 * @throws BalanceError address_in_use; config_invalid for a script that is none.
 */
export async function startMock(options: MockOptions = {}): Promise<Mock> {
  const mock = new MockServer(options)
  await mock.listen(options.port ?? 0)
  return mock
}

const MODELS = ['mock-large', 'mock-small', 'mock-embedding']

class MockServer implements Mock {
  readonly requests: MockRequest[] = []
  connections = 0
  open = 0
  aborted = 0
  readonly #server: Server
  readonly #setting: Setting
  readonly #playbook: Playbook
  readonly #respond: MockOptions['respond']
  readonly #keep: number
  readonly #requested = new Set<(request: MockRequest) => void>()
  readonly #left = new Set<(request: MockRequest) => void>()
  #sequence = 0

  constructor(options: MockOptions) {
    this.#setting = {
      clock: options.clock ?? systemClock,
      rate: options.rate ?? 0,
      tokens: options.tokens ?? 32,
      models: options.models ?? MODELS,
      fixed: options.fixedStream ? splitEvents(options.fixedStream) : null,
      chance: random(options.seed ?? 1),
    }
    this.#playbook = new Playbook(options.scripts ?? {}, options.unknownKey ?? 'ok')
    this.#respond = options.respond
    this.#keep = options.keep ?? 10_000
    // Clients' pools must outlive quiet phases; a slow upload is no fault of theirs either.
    this.#server = createServer({ keepAliveTimeout: 75_000, requestTimeout: 0 })
    this.#server.on('request', (incoming, response) => this.#receive(incoming, response))
    this.#server.on('connection', socket => this.#count(socket))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/v1`
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', error => reject(listenError(error, port)))
      this.#server.listen(port, '127.0.0.1', resolve)
    })
  }

  onRequest(listener: (request: MockRequest) => void): () => void {
    this.#requested.add(listener)
    return () => void this.#requested.delete(listener)
  }

  nextRequest(): Promise<MockRequest> {
    return first(this.#requested)
  }

  nextAbort(): Promise<MockRequest> {
    return first(this.#left)
  }

  setScript(key: string, script: string): void {
    this.#playbook.set(key, script)
  }

  close(): Promise<void> {
    return new Promise(resolve => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  #count(socket: Socket): void {
    this.connections++
    this.open++
    socket.once('close', () => this.open--)
  }

  #receive(incoming: IncomingMessage, response: ServerResponse): void {
    const path = (incoming.url ?? '').split('?', 1)[0] as string
    const digest = endpointOf(incoming.method ?? '', path) ? null : createHash('sha256')
    const sink = digest && ((chunk: Buffer) => void digest.update(chunk))
    const done = (request: MockRequest) => {
      const exchange = new Exchange(this.#setting, this.#sequence++, request, digest, response)
      response.once('close', () => {
        if (!response.writableFinished && !exchange.abandoned) this.#lose(request)
      })
      this.#record(request)
      if (!this.#respond?.(request, response)) this.#play(exchange, incoming)
    }
    const lost = (request: MockRequest) => this.#lose(request)
    receive(incoming, this.#setting.clock.now(), sink, done, lost)
  }

  #play(exchange: Exchange, incoming: IncomingMessage): void {
    try {
      const { name, argument } = this.#playbook.next(exchange.request.key, incoming.headers)
      const behaviour: Behaviour = BEHAVIOURS[name]
      behaviour.play(exchange, argument)
    } catch (error) {
      const { message, hint } = asBalanceError(error)
      const body = { error: { message: `${message} ${hint ?? ''}`, type: 'mock_script_error' } }
      exchange.whole(400, 'application/json', JSON.stringify(body))
    }
  }

  #record(request: MockRequest): void {
    if (this.#keep > 0) {
      this.requests.push(request)
      if (this.requests.length >= 2 * this.#keep) this.requests.splice(0, this.#keep)
    }
    for (const listener of this.#requested) listener(request)
  }

  #lose(request: MockRequest): void {
    this.aborted++
    for (const listener of this.#left) listener(request)
  }
}

function first(listeners: Set<(request: MockRequest) => void>): Promise<MockRequest> {
  return new Promise(resolve => {
    const listener = (request: MockRequest) => {
      listeners.delete(listener)
      resolve(request)
    }
    listeners.add(listener)
  })
}

function listenError(error: Error, port: number): Error {
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return error
  return new BalanceError('address_in_use', `Port ${port} of 127.0.0.1 is in use.`, {
    hint: 'Choose another one with --port, or 0 for any.',
    cause: error,
  })
}
