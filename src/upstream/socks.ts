import { isIP, type Socket } from 'node:net'
import { ProxyFault } from './proxy-fault.ts'
import type { Far, Via } from './tunnel.ts'

const VERSION = 5
const NO_PASSWORD = 0
const PASSWORD = 2
const CONNECT = 1
const NAME = 3
/** Longer than the longest reply there is. */
const LONGEST = 1_024

/**
 * Asks a SOCKS 5 proxy for a tunnel (RFC 1928), with user and password where it has them (RFC 1929).
 * The upstream is named, not resolved: that is the proxy's to do.
 * @throws ProxyFault, or what the socket broke with
 */
export async function greetSocks(socket: Socket, { user, password }: Via, far: Far): Promise<void> {
  const reader = new Reader(socket)
  const methods = user === null ? [NO_PASSWORD] : [NO_PASSWORD, PASSWORD]
  try {
    socket.write(Buffer.from([VERSION, methods.length, ...methods]))
    const [version, method = 0xff] = await reader.take(2)
    if (version !== VERSION) throw strange()
    if (method === PASSWORD && user !== null) {
      await identify(socket, reader, user, password?.reveal() ?? '')
    } else if (method !== NO_PASSWORD) {
      const wanted = user === null ? 'wants a user and a password' : 'takes no user and password'
      throw new ProxyFault('refused', 'proxy_socks_auth', `The proxy ${wanted}.`)
    }
    socket.write(Buffer.concat([Buffer.from([VERSION, CONNECT, 0]), addressOf(far)]))
    await readReply(reader)
  } finally {
    reader.end()
  }
}

async function identify(socket: Socket, reader: Reader, user: string, password: string) {
  const [name, word] = [Buffer.from(user), Buffer.from(password)]
  socket.write(
    Buffer.concat([Buffer.from([1, name.length]), name, Buffer.from([word.length]), word]),
  )
  const [, status] = await reader.take(2)
  if (status === 0) return
  throw new ProxyFault('refused', 'proxy_socks_auth', 'The proxy refuses user or password.')
}

/** A name, or an address of IPv4; one of IPv6 as a name, which proxies read too. */
function addressOf({ host, port }: Far): Buffer {
  const to = Buffer.alloc(2)
  to.writeUInt16BE(port)
  if (isIP(host) === 4) return Buffer.concat([Buffer.from([1, ...host.split('.').map(Number)]), to])
  const name = Buffer.from(host)
  return Buffer.concat([Buffer.from([NAME, name.length]), name, to])
}

async function readReply(reader: Reader): Promise<void> {
  const [version, reply = 0xff, , kind] = await reader.take(4)
  if (version !== VERSION) throw strange()
  if (reply !== 0) {
    const code = `proxy_socks_${reply}`
    throw reply === 2
      ? new ProxyFault('broken', code, 'The proxy does not allow this connection.')
      : new ProxyFault('beyond', code, `The proxy could not reach the upstream (${said(reply)}).`)
  }
  // Where it is bound is nothing to us.
  const length = kind === 1 ? 4 : kind === 4 ? 16 : ((await reader.take(1))[0] ?? 0)
  await reader.take(length + 2)
}

/** RFC 1928 §6. */
const REPLIES = [
  ...['', 'general failure', 'not allowed', 'network unreachable', 'host unreachable'],
  ...['connection refused', 'TTL expired', 'command not supported', 'address type not supported'],
]

function said(reply: number): string {
  const words = REPLIES[reply]
  return words === undefined ? `SOCKS ${reply}` : `SOCKS ${reply}: ${words}`
}

function strange(): ProxyFault {
  return new ProxyFault('broken', 'proxy_protocol', 'The proxy does not speak SOCKS 5.')
}

/** Gives a socket's bytes in the portions that are asked for; what it did not give stays in the socket. */
class Reader {
  readonly #socket: Socket
  #held = Buffer.alloc(0)
  #broken: Error | null = null
  #wake: (() => void) | null = null
  readonly #onData = (chunk: Buffer) => {
    this.#held = Buffer.concat([this.#held, chunk])
    this.#wake?.()
  }
  readonly #onError = (error: Error) => this.#break(error)
  readonly #onClose = () =>
    this.#break(new ProxyFault('broken', 'proxy_closed', 'The proxy broke the connection off.'))

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', this.#onData)
    socket.on('error', this.#onError)
    socket.on('end', this.#onClose)
    socket.on('close', this.#onClose)
  }

  async take(bytes: number): Promise<Buffer> {
    while (this.#held.length < bytes) {
      if (this.#broken !== null) throw this.#broken
      if (this.#held.length > LONGEST) throw strange()
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    const taken = this.#held.subarray(0, bytes)
    this.#held = this.#held.subarray(bytes)
    return taken
  }

  end(): void {
    this.#socket.off('data', this.#onData)
    this.#socket.off('error', this.#onError)
    this.#socket.off('end', this.#onClose)
    this.#socket.off('close', this.#onClose)
    this.#socket.pause()
    if (this.#held.length > 0) this.#socket.unshift(this.#held)
  }

  #break(error: Error): void {
    this.#broken ??= error
    this.#wake?.()
  }
}
