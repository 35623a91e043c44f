import { rmSync } from 'node:fs'
import {
  Agent,
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as open,
  type Server,
} from 'node:http'
import { pipeline } from 'node:stream'
import { BalanceError } from '../../base/errors.ts'
import { type Dashboard, refuseDashboard } from '../../gateway/dashboard.ts'
import { listenPrivately } from '../private-socket.ts'
import type { DashboardDoor } from './door.ts'
import { VISITOR_HEADERS, visitorOf } from './visitor.ts'

/** Of one connection, and said anew on the next. */
const HOP =
  /^(connection|keep-alive|proxy-connection|transfer-encoding|upgrade|te|trailer|expect)$/i
const OURS: ReadonlySet<string> = new Set(Object.values(VISITOR_HEADERS))

/** Where workers bring what they are asked below `/admin`: a socket beside the control socket, 0600. */
export class DashboardSocket {
  readonly path: string
  readonly #server: Server

  private constructor(path: string, server: Server) {
    this.path = path
    this.#server = server
  }

  /**
   * @param controlPath of the control socket, by which this daemon has claimed the folder
   * @throws BalanceError failed
   */
  static async open(controlPath: string, door: DashboardDoor): Promise<DashboardSocket> {
    const path = controlPath.replace(/\.sock$/, '.http')
    const server = createServer({ requestTimeout: 0, keepAliveTimeout: 0 }, (request, response) => {
      const { [VISITOR_HEADERS.peer]: peer = '', [VISITOR_HEADERS.tls]: tls } = request.headers
      void door.answer(request, response, { peer: String(peer), tls: tls === '1' })
    })
    // The folder is claimed: what is there was left by a daemon that was killed.
    rmSync(path, { force: true })
    if (!(await listenPrivately(server, path))) {
      throw new BalanceError('failed', `Somebody else listens at ${path}.`)
    }
    return new DashboardSocket(path, server)
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

/** A worker's way to the daemon: requests and answers as they are, with word of the visitor. */
export function pipeTo(socketPath: string): Dashboard {
  // Where each request had a connection of its own, the daemon's end of it might come while we still
  // write the end of the body, and the answer would be lost.
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 16 })
  return (request, response) => {
    const { peer, tls } = visitorOf(request)
    const { method = 'GET', url: path = '/' } = request
    // Of other methods nobody reads a body, and without its length it would be read as a request.
    const hasBody = method === 'POST'
    const headers = passedOn(
      request,
      name => OURS.has(name) || (name === 'content-length' && !hasBody),
    )
    headers.push(VISITOR_HEADERS.peer, peer, VISITOR_HEADERS.tls, tls ? '1' : '0')
    const sent = open({
      socketPath,
      method,
      path,
      // An array keeps them as they came; the types know of objects only.
      headers: headers as unknown as OutgoingHttpHeaders,
      agent,
    })
    let answered = false
    sent.on('response', answer => {
      answered = true
      if (answer.statusCode === 408) response.shouldKeepAlive = false
      response.writeHead(
        answer.statusCode ?? 502,
        passedOn(answer, () => false),
      )
      response.flushHeaders()
      pipeline(answer, response, () => {})
    })
    sent.on('error', cause => {
      if (answered || response.destroyed) return
      refuseDashboard(
        response,
        new BalanceError('overloaded', 'The daemon does not answer.', { cause }),
      )
    })
    // Also where no answer has come yet.
    response.on('close', () => sent.destroy())
    if (hasBody) pipeline(request, sent, () => {})
    else sent.end()
  }
}

function passedOn({ rawHeaders }: IncomingMessage, isLeftOut: (name: string) => boolean): string[] {
  const headers: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (HOP.test(name) || isLeftOut(name.toLowerCase())) continue
    headers.push(name, rawHeaders[i + 1] as string)
  }
  return headers
}
