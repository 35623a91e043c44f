import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Key, Provider } from '../../src/model/catalog.ts'
import { key, provider } from './catalog.ts'
import type { Recording } from './recordings.ts'

/** `die`: the connection is closed where a chunk would follow; `end`: as if that were all. */
export const CUTS = ['die', 'end'] as const
export type Cut = (typeof CUTS)[number]

const WHOLE = 'sk-whole-0123456789'

/** Plays one recording, cut as the key says that it is called with: `sk-die-120-…`; else whole. */
export class CuttingUpstream {
  /** Requests that came. */
  came = 0
  readonly #server: Server
  readonly #recording: Recording

  private constructor(recording: Recording) {
    this.#recording = recording
    this.#server = createServer((request, response) => {
      this.came++
      request.resume()
      request.on('end', () => {
        const { authorization, 'x-api-key': a, 'x-goog-api-key': g } = request.headers
        const [, how, length] = /sk-(die|end)-(\d+)-/.exec(`${authorization}${a}${g}`) ?? []
        const bytes = recording.bytes.subarray(0, Number(length ?? recording.bytes.length))
        response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
        if (how !== 'die') response.end(bytes)
        else {
          response.write(bytes)
          response.socket?.destroySoon()
        }
      })
    })
  }

  static async start(recording: Recording): Promise<CuttingUpstream> {
    const upstream = new CuttingUpstream(recording)
    await new Promise<void>(resolve => upstream.#server.listen(0, '127.0.0.1', resolve))
    return upstream
  }

  /** As a provider whose first key gets its streams cut so; with another one it gets whole ones. */
  cutting(how: Cut, length: number, keys: 1 | 2 = 2): { provider: Provider; keys: Key[] } {
    const name = nameOf(how, length)
    const { port } = this.#server.address() as AddressInfo
    return {
      provider: provider(name, `http://127.0.0.1:${port}`, {
        kind: this.#recording.kind,
        overrides: { max_retries: keys },
      }),
      keys: [
        key(`${name}-first`, { provider: name, value: `sk-${name}-0123456789` }),
        key(`${name}-other`, { provider: name, value: WHOLE, enabled: keys === 2 }),
      ],
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }
}

/** Of the provider that cuts so. */
export function nameOf(how: Cut, length: number): string {
  return `${how}-${length}`
}
