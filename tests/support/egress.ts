import { once } from 'node:events'
import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Secret } from '../../src/base/secret.ts'
import type { Catalog } from '../../src/model/catalog.ts'
import { type EgressProxy, type ProxyScheme, parseProxyUrl } from '../../src/model/egress-proxy.ts'
import type { Certificate } from './certificates.ts'

/** What a proxy does with whoever asks for a tunnel. */
export type Manner = 'serve' | 'hang' | 'cut' | 'wait' | number

interface Wanted {
  /** Dials upstreams from it, so that they can tell who comes. */
  readonly address?: string
  readonly user?: string
  readonly password?: string
  readonly certificate?: Certificate
  /** Names that it resolves by itself: to a port of this host. */
  readonly names?: Readonly<Record<string, number>>
  readonly port?: number
}

/** A real proxy that does as it is told. */
export class TestProxy {
  manner: Manner = 'serve'
  /** Where tunnels were asked for, `host:port`. */
  readonly asked: string[] = []
  /** The `Proxy-Authorization` of each, or user and password. */
  readonly credentials: string[] = []
  readonly scheme: ProxyScheme
  readonly wanted: Wanted
  readonly #sockets = new Set<Duplex>()
  #server: Server | HttpServer | null = null
  port = 0

  constructor(scheme: ProxyScheme, wanted: Wanted = {}) {
    this.scheme = scheme
    this.wanted = wanted
  }

  static async start(scheme: ProxyScheme, wanted: Wanted = {}): Promise<TestProxy> {
    const proxy = new TestProxy(scheme, wanted)
    await proxy.open()
    return proxy
  }

  /** Listens; after {@link die} on the same port as before. */
  async open(): Promise<void> {
    const server = this.#made()
    server.on('connection', (socket: Socket) => this.#keep(socket))
    server.listen(this.port || (this.wanted.port ?? 0), this.wanted.address ?? '127.0.0.1')
    await once(server, 'listening')
    this.port = (server.address() as { port: number }).port
    this.#server = server
  }

  /** Ends all connections, and listens no more. */
  async die(): Promise<void> {
    const server = this.#server
    this.#server = null
    for (const socket of this.#sockets) socket.destroy()
    if (server === null) return
    await new Promise<void>(resolve => server.close(() => resolve()))
  }

  get url(): string {
    const user = this.wanted.user === undefined ? '' : `${this.wanted.user}@`
    return `${this.scheme}://${user}${this.wanted.address ?? '127.0.0.1'}:${this.port}`
  }

  #made(): Server | HttpServer {
    if (this.scheme === 'socks5') {
      return createTcpServer(socket => void this.#socks(socket).catch(() => socket.destroy()))
    }
    const { certificate } = this.wanted
    const server = certificate ? createTlsServer(certificate) : createServer()
    server.on('connect', (request: IncomingMessage, socket: Duplex) => {
      this.#keep(socket)
      this.#connect(request, socket)
    })
    return server
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
  }

  #connect({ url = '', headers }: IncomingMessage, socket: Duplex): void {
    this.asked.push(url)
    const given = headers['proxy-authorization'] ?? ''
    this.credentials.push(given)
    if (this.manner === 'hang') return
    if (this.manner === 'cut') return void socket.destroy()
    if (typeof this.manner === 'number') return void socket.end(answer(this.manner))
    const { user, password = '' } = this.wanted
    const basic = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
    if (user !== undefined && given !== basic) return void socket.end(answer(407))
    this.#dial(url, socket, ok => {
      if (!ok) return void socket.end(answer(502))
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    })
  }

  async #socks(socket: Socket): Promise<void> {
    const bytes = read(socket)
    const [, count = 0] = await bytes.take(2)
    const methods = await bytes.take(count)
    if (this.manner === 'hang') return
    if (this.manner === 'cut') return void socket.destroy()
    const { user, password = '' } = this.wanted
    if (user === undefined) socket.write(Buffer.from([5, 0]))
    else if (!methods.includes(2)) return void socket.end(Buffer.from([5, 0xff]))
    else {
      socket.write(Buffer.from([5, 2]))
      const [, length = 0] = await bytes.take(2)
      const name = (await bytes.take(length)).toString()
      const word = (await bytes.take((await bytes.take(1))[0] ?? 0)).toString()
      this.credentials.push(`${name}:${word}`)
      const fine = name === user && word === password
      socket.write(Buffer.from([1, fine ? 0 : 1]))
      if (!fine) return void socket.end()
    }
    const [, , , kind = 0] = await bytes.take(4)
    const host =
      kind === 1
        ? (await bytes.take(4)).join('.')
        : (await bytes.take((await bytes.take(1))[0] ?? 0)).toString()
    const target = `${host}:${(await bytes.take(2)).readUInt16BE()}`
    this.asked.push(target)
    bytes.end()
    if (typeof this.manner === 'number') return void socket.end(reply(this.manner))
    this.#dial(target, socket, ok => {
      if (ok) socket.write(reply(0))
      else socket.end(reply(5))
    })
  }

  #dial(target: string, socket: Duplex, tell: (ok: boolean) => void): void {
    const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(target) ?? []
    const own = this.wanted.names?.[host]
    const upstream = connect({
      host: own === undefined ? host : '127.0.0.1',
      port: own ?? Number(port),
      ...(this.wanted.address === undefined ? {} : { localAddress: this.wanted.address }),
    })
    this.#keep(upstream)
    upstream.once('error', () => tell(false))
    upstream.once('connect', () => {
      upstream.removeAllListeners('error')
      upstream.on('error', () => socket.destroy())
      tell(true)
      socket.pipe(upstream).pipe(socket)
      socket.on('close', () => upstream.destroy())
      upstream.on('close', () => socket.destroy())
    })
  }
}

function answer(status: number): string {
  return `HTTP/1.1 ${status} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`
}

function reply(code: number): Buffer {
  return Buffer.from([5, code, 0, 1, 127, 0, 0, 1, 0, 80])
}

function read(socket: Socket) {
  let held = Buffer.alloc(0)
  let wake: (() => void) | null = null
  const onData = (chunk: Buffer) => {
    held = Buffer.concat([held, chunk])
    wake?.()
  }
  socket.on('data', onData)
  return {
    async take(bytes: number): Promise<Buffer> {
      while (held.length < bytes) {
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
      const taken = held.subarray(0, bytes)
      held = held.subarray(bytes)
      return taken
    },
    end() {
      socket.off('data', onData)
      socket.pause()
      if (held.length > 0) socket.unshift(held)
    },
  }
}

/** It as the store would give it; called as its source address is, unless said. */
export function proxyRow(
  { url, wanted: { password } }: Pick<TestProxy, 'url' | 'wanted'>,
  name: string,
  change: Partial<EgressProxy> = {},
): Catalog['proxies'][number] {
  return {
    id: `x_${name}`,
    name,
    url: parseProxyUrl(url).url,
    enabled: true,
    protected: password !== undefined,
    reference: null,
    secret: password === undefined ? null : new Secret(password),
    fault: null,
    origin: 'command',
    createdAt: 0,
    ...change,
  }
}
