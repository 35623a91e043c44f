import { Agent, request } from 'node:http'
import type { Daemon } from '../support/daemon.ts'
import { CHAT } from '../support/open-stream.ts'

/** Keeps a daemon busy over connections that are used again, as a client library does. */
export class Flood {
  readonly #agent: Agent
  readonly #token: string
  /** Answers by status; 0 where the connection broke. */
  readonly statuses = new Map<number, number>()

  /** @param sockets most connections; requests beyond them wait */
  constructor(token: string, sockets = 64) {
    this.#token = token
    this.#agent = new Agent({ keepAlive: true, maxSockets: sockets })
  }

  /** This many requests, `width` at a time. */
  async send(daemon: Daemon, total: number, width: number): Promise<void> {
    let left = total
    const lane = async () => {
      while (left-- > 0) await this.one(daemon.port)
    }
    await Promise.all(Array.from({ length: width }, lane))
  }

  /** Requests until it is told to stop, to whatever port is the right one then. */
  async keep(port: () => number, width: number, signal: AbortSignal): Promise<void> {
    const lane = async () => {
      while (!signal.aborted) await this.one(port())
    }
    await Promise.all(Array.from({ length: width }, lane))
  }

  one(port: number): Promise<number> {
    return new Promise(resolve => {
      const done = (status: number) => {
        this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
        resolve(status)
      }
      const sent = request({
        port,
        host: '127.0.0.1',
        path: CHAT.path,
        method: 'POST',
        agent: this.#agent,
        headers: {
          authorization: `Bearer ${this.#token}`,
          'content-type': 'application/json',
          'content-length': CHAT.body.length,
        },
      })
      sent.on('error', () => done(0))
      sent.on('response', response => {
        response.resume()
        response.on('end', () => done(response.statusCode ?? 0))
        response.on('error', () => done(0))
      })
      sent.end(CHAT.body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
