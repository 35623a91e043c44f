import { cpus } from 'node:os'
import { systemClock } from '../base/clock.ts'
import { asBalanceError } from '../base/errors.ts'
import { VERSION } from '../base/version.ts'
import { canPin } from './child.ts'
import { measureColdStart } from './cold-start.ts'
import { measureCrowds } from './crowds.ts'
import { goalsOf } from './goals.ts'
import { findNginx, type Nginx } from './nginx.ts'
import type { Waited } from './probe.ts'
import { pssOf, rssOf } from './process-tree.ts'
import { type Found, type Host, rendered, type ScenarioReport } from './report.ts'
import { measureRequests } from './requests.ts'
import type { Pace } from './rounds.ts'
import type { Told } from './run.ts'
import { COLD_START, MANY_STREAMS, paceOf, type Scenario, scenarios } from './scenarios.ts'
import { readSettings, type Settings } from './settings.ts'
import { World } from './world.ts'
import type { Yardstick } from './yardstick.ts'

/** One run, told by messages; it ends early with whoever started it. */
export async function main(args: readonly string[]): Promise<void> {
  const told = await outcomeOf(args)
  if (interrupted) return
  tell(told)
  process.removeAllListeners('disconnect')
  process.disconnect()
}

/** Then whoever started the run hears no more of it: it fails only because all that it uses ends. */
let interrupted = false

async function outcomeOf(args: readonly string[]): Promise<Told> {
  try {
    const settings = readSettings(args)
    const found = await new Run(settings).all()
    const report = { ...found, goals: goalsOf(found) }
    return { report, text: rendered(report) }
  } catch (error) {
    const { code, message, hint, cause } = asBalanceError(error)
    const said = cause instanceof Error && code === 'internal_error' ? cause.message : message
    return { error: { code, message: said, hint } }
  }
}

function tell(told: Told): void {
  process.send?.(told)
}

class Run {
  readonly #settings: Settings
  readonly #pace: Pace
  readonly #nginx = findNginx()
  readonly #pin = canPin()

  constructor(settings: Settings) {
    this.#settings = settings
    const { quick, rounds } = settings
    this.#pace = { rounds, warmUps: quick ? 0 : 1, settling: quick ? 60 : 300 }
  }

  async all(): Promise<Found> {
    const { quick } = this.#settings
    tell({ progress: 'starting the upstream and the contenders' })
    const world = new World(this.#settings, this.#nginx, this.#pin)
    endWith(world)
    try {
      await world.open()
      const chosen = scenarios(quick).filter(({ name }) => this.#wants(name))
      const idle = chosen.length === 0 ? [] : await this.#idle(world)
      const found: ScenarioReport[] = []
      for (const scenario of chosen) found.push(await this.#requests(scenario, world))
      await world.endContenders()
      if (this.#wants(MANY_STREAMS)) found.push(await this.#crowds(world))
      return {
        host: hostOf(this.#settings, this.#nginx, this.#pin),
        quick,
        scenarios: found,
        idle,
        ...(await this.#yardsticks(world)),
        cold: this.#wants(COLD_START) ? await this.#coldStart(world) : null,
        leftOut: this.#leftOut(),
      }
    } finally {
      await world.end()
    }
  }

  #wants(name: string): boolean {
    return this.#settings.only.includes(name)
  }

  async #idle(world: World): Promise<Found['idle']> {
    const contenders = await world.contenders()
    await systemClock.sleep(this.#pace.settling)
    return contenders.map(({ name, pids }) => {
      // Of two equal processes, one for each upstream, only one is what its operator would start.
      const one = pids.slice(0, 1)
      return { name, pss: pssOf(one), rss: rssOf(one) }
    })
  }

  async #requests(scenario: Scenario, world: World): Promise<ScenarioReport> {
    const { name, title, unit, connections, requests, rate } = scenario
    tell({ progress: `${name}: ${title}` })
    const entrants = await world.entrants(scenario)
    const { load, upstream } = world
    const fewer = entrants.some(({ peer }) => peer) ? ', a tenth of them for peers' : ''
    return {
      name,
      title,
      unit,
      load: `${connections} connections, ${roundsOf(this.#pace)} of ${requests} requests${fewer}${rate === null ? '' : `, ${rate} a second`}`,
      measured: await measureRequests(scenario, entrants, this.#pace, load, upstream),
      notes: [],
    }
  }

  async #crowds(world: World): Promise<ScenarioReport> {
    const { quick, streams } = this.#settings
    const title = `${streams} streams open at once, an event each ${paceOf(streams)} ms`
    tell({ progress: `${MANY_STREAMS}: ${title}` })
    const crowding = {
      streams,
      rate: 1_000,
      // A host that halts the contender for a moment must not make a crowd of all that were due meanwhile.
      most: 64,
      window: quick ? 150 : 5_000,
      watched: quick ? 150 : 2_000,
      settling: quick ? 50 : 500,
      warmUp: quick ? 32 : 320,
    }
    const { load, upstream } = world
    const starters = await world.starters()
    const faults = new Map<string, string>()
    const broke = (name: string, fault: string) => void faults.set(name, fault)
    const measured = await measureCrowds(starters, crowding, this.#pace, load, upstream, broke)
    return {
      name: MANY_STREAMS,
      title,
      unit: 'event',
      load: `${roundsOf(this.#pace)}, each with processes that were just started`,
      measured,
      notes: Array.from(faults, ([name, fault]) => `${name}: a stream broke: ${fault}`),
    }
  }

  async #yardsticks(world: World): Promise<Pick<Found, 'parse' | 'select'>> {
    const { quick, rounds } = this.#settings
    const [bodies, keys] = [this.#wants('body-2m-first'), this.#wants('keys')]
    if (!bodies && !keys) return { parse: null, select: null }
    const child = world.role<Yardstick>('yardstick', 'contender')
    await child.report()
    const parsed = bodies ? await child.ask({ parse: rounds }) : null
    const select = { times: quick ? 1_000 : 20_000, rounds }
    const selected = keys ? await child.ask({ select }) : null
    await child.end()
    return {
      parse: parsed !== null && 'parse' in parsed ? parsed.parse : null,
      select: selected !== null && 'select' in selected ? selected.select : null,
    }
  }

  async #coldStart(world: World): Promise<Found['cold']> {
    const { quick, keys, rounds } = this.#settings
    tell({ progress: `${COLD_START}: with ${keys} keys` })
    const home = await world.manyKeys()
    const pace = {
      starts: quick ? 1 : 20,
      reloads: rounds,
      watch: quick ? 100 : 1_000,
    }
    const probe = async () => {
      const child = world.role<Waited>('probe', 'driver')
      await child.report()
      return child
    }
    return measureColdStart(home, keys, probe, pace, this.#pin)
  }

  #leftOut(): string[] {
    const { peers } = this.#settings
    return [
      ...(process.platform === 'linux'
        ? []
        : ['Not Linux: no memory (PSS), and CPU to the hundredth of a second.']),
      ...(this.#pin ? [] : ['Without taskset and two cores: figures of one run wander more.']),
      ...(this.#nginx === null ? ['No nginx is installed: neither contender nor upstream.'] : []),
      ...(peers.length === 0 ? ['No other gateway took part: see --portkey and --peer.'] : []),
    ]
  }
}

function roundsOf({ rounds }: Pace): string {
  return rounds === 1 ? '1 round' : `${rounds} rounds`
}

/** Nothing that was started may outlive whoever asked for it. */
function endWith(world: World): void {
  const end = () => {
    interrupted = true
    void world.end().finally(() => process.exit(130))
  }
  process.once('disconnect', end)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
}

function hostOf({ peers }: Settings, nginx: Nginx | null, pinned: boolean): Host {
  const cores = cpus()
  const known = peers.filter(({ version }) => version !== null)
  return {
    date: new Date(systemClock.wall()).toISOString().slice(0, 10),
    platform: `${process.platform} ${process.arch}`,
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    pinned,
    versions: {
      balance: VERSION,
      node: process.versions.node,
      ...(nginx === null ? {} : { nginx: nginx.version }),
      ...Object.fromEntries(known.map(({ name, version }) => [name, version ?? ''])),
    },
  }
}
