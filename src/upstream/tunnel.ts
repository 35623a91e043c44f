import { createHash } from 'node:crypto'
import { request } from 'node:http'
import type { LookupFunction, Socket } from 'node:net'
import { buildConnector } from 'undici'
import type { Secret } from '../base/secret.ts'
import { codeOf, transportOutcome } from './fault.ts'
import { ProxyFault } from './proxy-fault.ts'
import { greetSocks } from './socks.ts'

/** A proxy as it is dialled. */
export interface Via {
  readonly id: string
  readonly scheme: 'http' | 'https' | 'socks5'
  /** A name, or an address without brackets. */
  readonly host: string
  readonly port: number
  readonly user: string | null
  readonly password: Secret | null
}

/** Tells one way of dialling a proxy from another, without telling the password. */
export function nameOfVia({ id, scheme, host, port, user, password }: Via): string {
  const all = [id, scheme, host, port, user, password?.reveal() ?? null]
  return createHash('sha256').update(JSON.stringify(all)).digest('base64')
}

/** Where a tunnel ends: a name, or an address without brackets. */
export interface Far {
  readonly host: string
  readonly port: number
}

/**
 * Makes undici's connections through a proxy: to the proxy, which is asked for a tunnel, then TLS with
 * the upstream where it has some, whose certificate is judged as on a direct connection. Plain HTTP goes
 * through a tunnel as well, so that no proxy reads or changes what is sent. The upstream's name is
 * resolved by the proxy.
 * @param ms each of the three steps may take, at most
 */
export function connectorThrough(
  via: Via,
  ms: number,
  lookup: LookupFunction,
): buildConnector.connector {
  const kept = { keepAlive: true, keepAliveInitialDelay: 30_000 }
  // Where the proxy speaks TLS it is told nothing before its certificate was found good.
  const toProxy = buildConnector({ ...kept, timeout: ms, lookup, allowH2: false })
  const toUpstream = buildConnector({ timeout: ms, allowH2: false })
  return (options, callback) => {
    const far = { host: bare(options.hostname), port: Number(options.port) || portOf(options) }
    open(via, toProxy, far, ms).then(
      socket => {
        if (options.protocol !== 'https:') callback(null, socket)
        else toUpstream({ ...options, httpSocket: socket }, callback)
      },
      (error: Error) => callback(error, null),
    )
  }
}

/** What was done of a connection through a proxy: it is reached, it made the tunnel, the upstream's TLS. */
export type TunnelStep = 'connect' | 'tunnel' | 'tls'

/**
 * Asks a proxy for a tunnel and hangs up: whether it does its work.
 * @param secure begins TLS with the upstream as well, whose certificate is judged
 * @param done is told of each step when it was made
 * @throws ProxyFault; of the upstream's TLS, what the socket broke with
 */
export async function tryTunnel(
  via: Via,
  far: Far,
  ms: number,
  lookup: LookupFunction,
  { secure, done }: { readonly secure: boolean; readonly done: (step: TunnelStep) => void },
): Promise<void> {
  const toProxy = buildConnector({ timeout: ms, lookup, allowH2: false })
  const socket = await open(via, toProxy, far, ms, done)
  try {
    if (!secure) return
    await greetUpstream(socket, far, ms)
    done('tls')
  } finally {
    socket.on('error', () => {})
    socket.destroy()
  }
}

async function greetUpstream(httpSocket: Socket, { host, port }: Far, ms: number): Promise<void> {
  const connect = buildConnector({ timeout: ms, allowH2: false })
  const options = { hostname: host, host, port: String(port), protocol: 'https:', httpSocket }
  await new Promise<void>((resolve, reject) => {
    connect(options, (error, socket) => {
      socket?.destroy()
      if (error) reject(error)
      else resolve()
    })
  })
}

async function open(
  via: Via,
  connect: buildConnector.connector,
  far: Far,
  ms: number,
  done: (step: TunnelStep) => void = () => {},
): Promise<Socket> {
  const socket = await reach(via, connect)
  done('connect')
  try {
    // An idle socket's time: what trickles is bounded by the request's own time.
    socket.setTimeout(ms, () => socket.destroy(silent()))
    if (via.scheme === 'socks5') await greetSocks(socket, via, far)
    else await askForTunnel(socket, via, far)
    socket.setTimeout(0)
    done('tunnel')
    return socket
  } catch (error) {
    socket.on('error', () => {})
    socket.destroy()
    throw error instanceof ProxyFault ? error : brokeOff(error as Error)
  }
}

function reach({ scheme, host, port }: Via, connect: buildConnector.connector): Promise<Socket> {
  const options = {
    hostname: host,
    host,
    port: String(port),
    protocol: scheme === 'https' ? 'https:' : 'http:',
  }
  return new Promise((resolve, reject) => {
    connect(options as buildConnector.Options, (error, socket) => {
      if (error) reject(unreachable(error))
      else resolve(socket as Socket)
    })
  })
}

/** RFC 9110 §9.3.6. */
function askForTunnel(socket: Socket, { user, password }: Via, far: Far): Promise<void> {
  const host = far.host.includes(':') ? `[${far.host}]` : far.host
  const authority = `${host}:${far.port}`
  const credentials = Buffer.from(`${user}:${password?.reveal() ?? ''}`).toString('base64')
  return new Promise((resolve, reject) => {
    const asked = request({
      method: 'CONNECT',
      path: authority,
      headers: {
        host: authority,
        ...(user === null ? {} : { 'proxy-authorization': `Basic ${credentials}` }),
      },
      createConnection: () => socket,
    })
    asked.once('connect', ({ statusCode = 0 }, _, head) => {
      if (statusCode < 200 || statusCode > 299) return reject(refusal(statusCode, user))
      if (head.length > 0) socket.unshift(head)
      resolve()
    })
    asked.once('response', ({ statusCode = 0 }) => reject(refusal(statusCode, user)))
    asked.once('error', reject)
    asked.end()
  })
}

function refusal(status: number, user: string | null): ProxyFault {
  const code = `proxy_${status}`
  if (status === 407) {
    const why = user === null ? 'wants a user and a password' : 'refuses user or password'
    return new ProxyFault('refused', code, `The proxy ${why} (${status}).`)
  }
  if (status === 502 || status === 503 || status === 504) {
    return new ProxyFault('beyond', code, `The proxy could not reach the upstream (${status}).`)
  }
  return new ProxyFault('broken', code, `The proxy refuses to make a connection (${status}).`)
}

function unreachable(error: Error): ProxyFault {
  const code = codeOf(error)
  const kind = code === 'ECONNREFUSED' || code === 'ENOTFOUND' ? 'gone' : 'broken'
  return new ProxyFault(kind, `proxy_${code}`, `${unreachedFor(code, error)} (${code}).`)
}

function unreachedFor(code: string, error: Error): string {
  const said = UNREACHED[code]
  if (said !== undefined) return said
  const untrusted = transportOutcome(error, false).code === 'upstream_tls'
  return untrusted ? "The proxy's certificate is not to be trusted" : 'The proxy cannot be reached'
}

const UNREACHED: Readonly<Record<string, string>> = {
  ECONNREFUSED: "Nobody listens at the proxy's address",
  ENOTFOUND: "The proxy's name is unknown",
  EAI_AGAIN: "The proxy's name could not be looked up",
  ERR_SSL_WRONG_VERSION_NUMBER: 'The proxy does not speak TLS',
  UND_ERR_CONNECT_TIMEOUT: 'The proxy cannot be reached in time',
}

function brokeOff(error: Error): ProxyFault {
  const code = codeOf(error)
  const what = code.startsWith('HPE_')
    ? 'What answers is no HTTP proxy'
    : 'The proxy made no connection'
  return new ProxyFault('broken', `proxy_${code}`, `${what} (${code}).`)
}

function silent(): ProxyFault {
  return new ProxyFault('broken', 'proxy_timeout', 'The proxy made no connection in time.')
}

function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1')
}

function portOf({ protocol }: buildConnector.Options): number {
  return protocol === 'https:' ? 443 : 80
}
