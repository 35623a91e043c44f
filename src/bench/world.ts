import { BalanceHome, type Serving } from './balance-home.ts'
import { type Child, type Core, startRole } from './child.ts'
import { type Contender, direct, startBare, type Upstreams } from './contender.ts'
import type { Starter } from './crowds.ts'
import type { Loaded } from './load.ts'
import { type Nginx, startNginx, startNginxUpstream } from './nginx.ts'
import { startPeer } from './peer.ts'
import type { Entrant } from './requests.ts'
import type { Scenario } from './scenarios.ts'
import type { Settings } from './settings.ts'
import type { UpstreamCount } from './upstream.ts'

const FEW_KEYS = 5

/** All that a run starts, and ends whatever happens. */
export class World {
  readonly load: Child<Loaded>
  readonly upstream: Child<UpstreamCount>
  readonly #settings: Settings
  readonly #nginx: Nginx | null
  readonly #pin: boolean
  readonly #ends: (() => unknown)[] = []
  #upstreams: Upstreams = { json: 0, paced: 0 }
  #home: BalanceHome | null = null
  #manyHome: BalanceHome | null = null
  #contenders: Contender[] | null = null
  #serving: Serving | null = null
  #many: Serving | null = null

  private constructor(settings: Settings, nginx: Nginx | null, pin: boolean) {
    this.#settings = settings
    this.#nginx = nginx
    this.#pin = pin
    this.load = this.role<Loaded>('load', 'driver')
    this.upstream = this.role<UpstreamCount>('upstream', 'driver')
  }

  static async open(settings: Settings, nginx: Nginx | null, pin: boolean): Promise<World> {
    const world = new World(settings, nginx, pin)
    try {
      const [{ port: paced }] = await Promise.all([world.upstream.report(), world.load.report()])
      let json = paced
      if (nginx !== null) {
        const fixed = await startNginxUpstream(nginx, pin)
        world.#ends.push(fixed.end)
        json = fixed.port
      }
      world.#upstreams = { json, paced }
      return world
    } catch (error) {
      await world.end()
      throw error
    }
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
    const entrants = (who === 'all' ? contenders : own).map(({ name, peer, pids, ...doors }) => {
      return { name, peer, pids, door: doors[upstream], model: null }
    })
    if (latency !== null) {
      const { name, peer, pids, ...doors } = direct(this.#upstreams)
      entrants.unshift({ name, peer, pids, door: doors[upstream], model: null })
    }
    return who === 'all' ? entrants : [...entrants, await this.#inState(who)]
  }

  async #inState(who: 'keys' | 'alias' | 'failing'): Promise<Entrant> {
    const name = who === 'keys' ? `balance, ${this.#settings.keys} keys` : `balance, ${who}`
    if (who === 'keys') {
      this.#many ??= this.#started(await (await this.manyKeys()).serve())
      const { pids, json: door } = this.#many
      return { name, peer: false, pids, door, model: null }
    }
    const { pids, json, failing } = this.#serving as Serving
    const alias = who === 'alias'
    return { name, peer: false, pids, door: alias ? json : failing, model: alias ? 'fast' : null }
  }

  async contenders(): Promise<readonly Contender[]> {
    if (this.#contenders !== null) return this.#contenders
    this.#contenders = []
    for (const starter of await this.starters()) {
      this.#contenders.push(this.#started(await starter.start()))
    }
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
    return [
      ...(nginx === null
        ? []
        : [{ name: 'nginx', peer: false, start: () => startNginx(nginx, upstreams, pin) }]),
      { name: 'bare', peer: false, start: () => startBare(upstreams, pin) },
      { name: 'balance', peer: false, start: serve },
      ...this.#settings.peers.map(peer => {
        return { name: peer.name, peer: true, start: () => startPeer(peer, upstreams, pin) }
      }),
    ]
  }

  async #fewKeys(): Promise<BalanceHome> {
    this.#home ??= await BalanceHome.prepare(this.#upstreams, FEW_KEYS, this.#pin)
    return this.#home
  }

  /** A store with many keys of one provider. */
  async manyKeys(): Promise<BalanceHome> {
    const { keys } = this.#settings
    this.#manyHome ??= await BalanceHome.prepare(this.#upstreams, keys, this.#pin)
    return this.#manyHome
  }

  /** Ends all contenders; what has stores keeps them. */
  async endContenders(): Promise<void> {
    await Promise.all([...(this.#contenders ?? []), this.#many].map(one => one?.end()))
    this.#contenders = null
    this.#many = null
  }

  async end(): Promise<void> {
    await Promise.all(this.#ends.splice(0).map(end => end()))
    this.#home?.remove()
    this.#manyHome?.remove()
  }

  #started<C extends Contender>(contender: C): C {
    this.#ends.push(() => contender.end())
    return contender
  }
}
