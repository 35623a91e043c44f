import { key, provider, token } from '../../support/catalog.ts'
import { eventually } from '../../support/daemon.ts'
import { startGateway, type TestGateway, TOKEN } from '../../support/gateway.ts'
import type { Case } from './cases.ts'
import { Front, type Kind, type Logged } from './front.ts'
import { type Talk, talk } from './raw.ts'
import { Sniffer } from './sniffer.ts'
import { CONNECTIONS } from './tables/connections.ts'
import { FRAMING } from './tables/framing.ts'
import { HEADERS } from './tables/headers.ts'
import { REQUEST_LINES } from './tables/request-lines.ts'
import { TARGETS } from './tables/targets.ts'

export const CASES: readonly Case[] = [
  ...REQUEST_LINES,
  ...TARGETS,
  ...HEADERS,
  ...FRAMING,
  ...CONNECTIONS,
]

/** What came of one case. */
export interface Told extends Talk {
  /** What reached the upstream, as `METHOD target`. */
  readonly up: readonly string[]
  /** As many as were answered. */
  readonly logged: readonly Logged[]
}

/** A gateway behind a web server, and what is behind the gateway. */
export class Behind {
  readonly #upstream: Sniffer
  readonly #gateway: TestGateway
  readonly #front: Front

  private constructor(upstream: Sniffer, gateway: TestGateway, front: Front) {
    this.#upstream = upstream
    this.#gateway = gateway
    this.#front = front
  }

  static async start(kind: Kind): Promise<Behind> {
    const upstream = await Sniffer.start()
    const gateway = await startGateway({
      providers: [provider('mock', `http://127.0.0.1:${upstream.port}/v1`)],
      keys: [key('a')],
      tokens: [token('test', TOKEN), token('other', 'bal_other-token-0123456789abcdef')],
    })
    return new Behind(upstream, gateway, await Front.before(gateway.port, kind))
  }

  /** @param expected answers */
  async tell({ bytes, head = false }: Case, expected: number): Promise<Told> {
    const told = await talk(this.#front.port, bytes, expected, { head })
    await this.#gateway.gateway.inside.exchanges.emptied()
    const up = this.#upstream.take().requests.map(({ method, url }) => `${method} ${url}`)
    const answers = told.replies.length + (told.rest === '' ? 0 : 1)
    const logged = this.#front.take()
    const all = () => logged.push(...this.#front.take()) >= answers
    await eventually(all, 'what was answered is logged')
    return { ...told, up, logged }
  }

  async close(): Promise<void> {
    await this.#front.stop()
    await this.#gateway.close()
    await this.#upstream.close()
  }
}
