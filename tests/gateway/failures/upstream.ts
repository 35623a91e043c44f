import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'

/** One thing that a scripted upstream does after it received a request. */
export type Step = (peer: Peer) => Promise<void> | void
export type Script = readonly Step[]

/** The first byte of a TLS handshake. */
const HELLO = 0x16

/** Stands in a script for the key that the request carries. */
export const KEY = '{key}'

/** One request as it arrived, and the connection that it came on. */
export class Peer {
  readonly socket: Socket
  readonly head: string
  readonly body: Buffer
  /** The connection is closed, by whomever. */
  readonly closed: Promise<unknown>
  /** Body bytes sent so far, framing left out; -1 before a head was. */
  sent = -1
  readonly #upstream: Upstream

  constructor(upstream: Upstream, socket: Socket, head: string, body: Buffer) {
    this.#upstream = upstream
    this.socket = socket
    this.head = head
    this.body = body
    this.closed = new Promise(resolve => socket.on('close', resolve))
  }

  get key(): string {
    return (
      /^(?:authorization: bearer|x-api-key:|x-goog-api-key:) *(\S+)/im.exec(this.head)?.[1] ?? ''
    )
  }

  write(bytes: string | Buffer): Promise<void> {
    // The gateway may hang up at any moment: that is for the cell to judge.
    return new Promise(resolve => this.socket.write(bytes, () => resolve()))
  }

  /** Resolves when the cell says that the upstream goes on. */
  stall(): Promise<void> {
    return this.#upstream.onStall(this)
  }
}

/** A raw TCP server that plays one script per request, in the manner of HAProxy's vtest. */
export class Upstream {
  readonly requests: Peer[] = []
  /** Called when a script stalls; what it returns ends the silence. */
  onStall: (peer: Peer) => Promise<void> = () => new Promise(() => {})
  readonly #plan: (request: number) => Script
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #connections = 0

  /** @param plan the script for the request of this number, from 0 */
  constructor(plan: (request: number) => Script, tls?: { key: string; cert: string }) {
    this.#plan = plan
    const accept = (socket: Socket) => this.#accept(socket)
    this.#server = tls === undefined ? createServer(accept) : createTlsServer(tls, accept)
    this.#server.on('tlsClientError', () => {})
  }

  /** @returns the port on the loopback interface */
  listen(): Promise<number> {
    return new Promise(resolve => {
      this.#server.listen(0, '127.0.0.1', () =>
        resolve((this.#server.address() as AddressInfo).port),
      )
    })
  }

  get connections(): number {
    return this.#connections
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise(resolve => this.#server.close(resolve))
  }

  #accept(socket: Socket): void {
    this.#connections++
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    let received = Buffer.alloc(0)
    socket.on('data', chunk => {
      received = Buffer.concat([received, chunk])
      // Who greets by TLS where none is spoken has nothing more to say.
      if (received[0] === HELLO)
        return void perform(this.#plan(0), new Peer(this, socket, '', received))
      const end = received.indexOf('\r\n\r\n')
      if (end === -1) return
      const head = received.toString('latin1', 0, end)
      const size = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
      if (received.length < end + 4 + size) return
      const body = received.subarray(end + 4, end + 4 + size)
      received = received.subarray(end + 4 + size)
      void this.#play(new Peer(this, socket, head, body))
    })
  }

  #play(peer: Peer): Promise<void> {
    const script = this.#plan(this.requests.length)
    this.requests.push(peer)
    return perform(script, peer)
  }
}

async function perform(script: Script, peer: Peer): Promise<void> {
  for (const step of script) await step(peer)
}
