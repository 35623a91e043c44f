import { BalanceHome, type Serving } from './balance-home.ts'
import { type Child, type Core, startRole } from './child.ts'
import { type Contender, direct, startBare, type Upstreams } from './contender.ts'
import type { Starter } from './crowds.ts'
import type { Loaded } from './load.ts'
import { type Nginx, startNginx, startNginxUpstream } from './nginx.ts'
import { startPeer } from './peer.ts'
import type { Door } from './request.ts'
import type { Entrant } from './requests.ts'
import type { Scenario } from './scenarios.ts'
import type { Settings } from './settings.ts'
import { ALIAS } from './traffic.ts'
import type { UpstreamCount } from './upstream.ts'

const FEW_KEYS = 5

/** All that a run starts, and ends whatever happens. */
export class World {
  readonly load: Child<Loaded>
  readonly upstream: Child<UpstreamCount>
  readonly #settings: Settings
  readonly #nginx: Nginx | null
  readonly #pin: boolean
  readonly #ends: (() => Promise<void>)[] = []
  #upstreams: Upstreams = { json: 0, paced: 0 }
  #home: Promise<BalanceHome> | null = null
  #manyHome: Promise<BalanceHome> | null = null
  #contenders: Contender[] | null = null
  #serving: Serving | null = null
  #many: Serving | null = null

  constructor(settings: Settings, nginx: Nginx | null, pin: boolean) {
    this.#settings = settings
    this.#nginx = nginx
    this.#pin = pin
    this.load = this.role<Loaded>('load', 'driver')
    this.upstream = this.role<UpstreamCount>('upstream', 'driver')
  }

  /** Waits for the upstreams; needed before anything else. */
  async open(): Promise<void> {
    const [{ port: paced }] = await Promise.all([this.upstream.report(), this.load.report()])
    this.#upstreams = { json: paced, paced }
    if (this.#nginx === null) return
    const fixed = await startNginxUpstream(this.#nginx, this.#pin)
    this.#ends.push(fixed.end)
    this.#upstreams = { json: fixed.port, paced }
  }

  /** A process of this program; it reports once it is ready. */
  role<R>(role: string, core: Core): Child<R> {
    const child = startRole<R>(role, [], core, this.#pin)
    this.#ends.push(() => child.end())
    return child
  }

  /** Who takes part in a scenario, started where it was not. */
  async entrants({ upstream, who, latency }: Scenario): Promise<Entrant[]> {
    const contenders = await this.contenders()
    const own = contenders.filter(({ name }) => name === 'bare' || name === 'balance')
    const playing = [
      ...(latency === null ? [] : [direct(this.#upstreams)]),
      ...(who === 'all' ? contenders : own),
    ]
    const entrants = playing.map(contender => entrant(contender, contender[upstream]))
    return who === 'all' ? entrants : [...entrants, await this.#inState(who)]
  }

  /** This program once more, in a state of its own. */
  async #inState(who: Exclude<Scenario['who'], 'all'>): Promise<Entrant> {
    if (who === 'keys') {
      this.#many ??= await (await this.manyKeys()).serve({
        name: `balance, ${this.#settings.keys} keys`,
      })
      return entrant(this.#many, this.#many.json)
    }
    const serving = { ...(this.#serving as Serving), name: `balance, ${who}` }
    if (who === 'failing') return entrant(serving, serving.failing)
    return { ...entrant(serving, serving.json), model: ALIAS }
  }

  async contenders(): Promise<readonly Contender[]> {
    if (this.#contenders !== null) return this.#contenders
    this.#contenders = []
    for (const starter of await this.starters()) this.#contenders.push(await starter.start())
    return this.#contenders
  }

  /** How each contender is started, in a process that has done nothing yet. */
  async starters(): Promise<readonly Starter[]> {
    const [upstreams, pin, nginx] = [this.#upstreams, this.#pin, this.#nginx]
    const home = await this.#fewKeys()
    const serve = async () => {
      this.#serving = await home.serve()
      return this.#serving
    }
    const starter = (name: string, peer: boolean, begin: () => Promise<Contender>): Starter => {
      const start = async () => {
        const contender = await begin()
        this.#ends.push(() => contender.end())
        return contender
      }
      return { name, peer, start }
    }
    return [
      ...(nginx === null ? [] : [starter('nginx', false, () => startNginx(nginx, upstreams, pin))]),
      starter('bare', false, () => startBare(upstreams, pin)),
      starter('balance', false, serve),
      ...this.#settings.peers.map(peer => {
        return starter(peer.name, true, () => startPeer(peer, upstreams, pin))
      }),
    ]
  }

  #fewKeys(): Promise<BalanceHome> {
    this.#home ??= this.#prepared(FEW_KEYS)
    return this.#home
  }

  /** A store with many keys of one provider. */
  manyKeys(): Promise<BalanceHome> {
    this.#manyHome ??= this.#prepared(this.#settings.keys)
    return this.#manyHome
  }

  async #prepared(keys: number): Promise<BalanceHome> {
    const home = new BalanceHome(this.#upstreams, this.#pin)
    this.#ends.push(() => home.end())
    await home.prepare(keys)
    return home
  }

  /** Ends all contenders; what has stores keeps them. */
  async endContenders(): Promise<void> {
    await Promise.all([...(this.#contenders ?? []), this.#many].map(one => one?.end()))
    this.#contenders = null
    this.#many = null
  }

  async end(): Promise<void> {
    await Promise.all(this.#ends.splice(0).map(end => end()))
  }
}

function entrant({ name, peer, pids, gauge }: Contender, door: Door): Entrant {
  return { name, peer, pids, gauge, door, model: null }
}
