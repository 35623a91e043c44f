import { Agent, type ClientRequest, request } from 'node:http'
import { CHAT } from '../support/open-stream.ts'

const TICK_MS = 5

/** What a client does, and the statuses it may meet; 0 where it leaves first or the answer breaks off. */
interface Kind {
  readonly name: string
  /** Of 20 requests. */
  readonly share: number
  readonly statuses: readonly number[]
  readonly stream?: boolean
  /** Named in the path; the default one else. */
  readonly provider?: string
  readonly token?: string
  /** What the simulated provider does. */
  readonly script?: string
  /** A name that nobody asked for before. */
  readonly newModel?: boolean
  readonly leaves?: 'unanswered' | 'mid-stream'
}

const KINDS: readonly Kind[] = [
  { name: 'chat', share: 7, statuses: [200] },
  { name: 'stream', share: 4, statuses: [200], stream: true },
  { name: 'large', share: 1, statuses: [200] },
  { name: 'new model', share: 1, statuses: [200], newModel: true },
  { name: 'refused', share: 1, statuses: [401], token: 'bal_nobody-0123456789abcdef' },
  { name: 'lost', share: 1, statuses: [404], provider: 'nowhere' },
  {
    name: 'left mid-stream',
    share: 1,
    statuses: [200],
    stream: true,
    script: 'hang-after:4',
    leaves: 'mid-stream',
  },
  { name: 'left unanswered', share: 1, statuses: [0], script: 'hang', leaves: 'unanswered' },
  {
    name: 'limited',
    share: 1,
    statuses: [429, 503],
    provider: 'limited',
    script: '429:1s',
    newModel: true,
  },
  {
    name: 'failing',
    share: 1,
    statuses: [500, 502, 503],
    provider: 'failing',
    script: '500',
    newModel: true,
  },
  {
    name: 'broken off',
    share: 1,
    statuses: [200],
    provider: 'breaking',
    script: 'die-after:3',
    stream: true,
    newModel: true,
  },
]

/** The providers that {@link KINDS} name, beside the default one. */
export const ILL_PROVIDERS = ['limited', 'failing', 'breaking']
/** Never changes, so it costs the client nothing. */
const LARGE = JSON.stringify({ ...JSON.parse(CHAT.body), user: 'x'.repeat(200_000) })

/** Everything that clients do, at an even rate. */
export class MixedLoad {
  /** `kind status` → how many. */
  readonly seen = new Map<string, number>()
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 64 })
  readonly #port: number
  readonly #token: string
  readonly #turns = KINDS.flatMap(kind => Array.from({ length: kind.share }, () => kind))
  readonly #began = performance.now()
  readonly #timer: NodeJS.Timeout
  readonly #underWay = new Set<Promise<void>>()
  sent = 0

  /**
   * Begins at once.
   * @param most so many are under way at once; where the host is too slow for the rate they wait
   */
  constructor(port: number, token: string, perSecond: number, most = Number.POSITIVE_INFINITY) {
    this.#port = port
    this.#token = token
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - this.#began) * perSecond) / 1_000)
      while (this.sent < due && this.#underWay.size < most) this.#sendNext()
    }, TICK_MS)
  }

  /** Sends no more and waits for what is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#underWay)
    this.#agent.destroy()
  }

  /** What was met that should not have been. */
  get surprises(): string[] {
    const expected = new Set(
      KINDS.flatMap(({ name, statuses }) => statuses.map(s => `${name} ${s}`)),
    )
    return [...this.seen]
      .filter(([what]) => !expected.has(what))
      .map(([what, n]) => `${what}: ${n}`)
  }

  #sendNext(): void {
    // 7 has no factor in common with 20: the kinds are mixed, and each comes as often as it should.
    const kind = this.#turns[(this.sent * 7) % this.#turns.length] as Kind
    const sending = this.#send(kind, this.sent++).then(status => {
      const what = `${kind.name} ${status}`
      this.seen.set(what, (this.seen.get(what) ?? 0) + 1)
      this.#underWay.delete(sending)
    })
    this.#underWay.add(sending)
  }

  #send(kind: Kind, number: number): Promise<number> {
    return new Promise(resolve => {
      const sent = this.#open(kind)
      sent.on('error', () => resolve(0))
      sent.on('response', response => {
        const status = response.statusCode ?? 0
        if (kind.leaves === 'mid-stream') response.once('data', () => sent.destroy())
        else response.resume()
        response.on('error', () => resolve(status))
        response.on('close', () => resolve(status))
      })
      sent.end(bodyOf(kind, number))
      if (kind.leaves === 'unanswered') leaveSoon(sent)
    })
  }

  #open({ provider, token, script }: Kind): ClientRequest {
    return request({
      port: this.#port,
      host: '127.0.0.1',
      path: provider === undefined ? CHAT.path : `/${provider}${CHAT.path}`,
      method: 'POST',
      agent: this.#agent,
      headers: {
        authorization: `Bearer ${token ?? this.#token}`,
        'content-type': 'application/json',
        ...(script !== undefined && { 'x-mock-script': script }),
      },
    })
  }
}

function bodyOf({ name, stream, newModel }: Kind, number: number): string {
  if (name === 'large') return LARGE
  const change = { ...(stream && { stream }), ...(newModel && { model: `model-${number}` }) }
  return JSON.stringify({ ...JSON.parse(CHAT.body), ...change })
}

/** While the upstream is silent. */
function leaveSoon(sent: ClientRequest): void {
  setTimeout(() => sent.destroy(), 30)
}
