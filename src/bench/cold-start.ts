import { spawnSync } from 'node:child_process'
import { systemClock } from '../base/clock.ts'
import { BalanceError } from '../base/errors.ts'
import { type BalanceHome, BINARY, type Serving } from './balance-home.ts'
import { type Child, cleanEnvironment, pinned } from './child.ts'
import { type Spread, spread } from './figures.ts'
import type { ProbeOrder, Waited } from './probe.ts'
import { pssOf } from './process-tree.ts'

/** How long processes take to start, with many keys where it says so; ms. */
export interface ColdStart {
  readonly keys: number
  /** `node -e 0` */
  readonly node: Spread
  /** `balance --version` */
  readonly version: Spread
  /** `balance keys list`, less `node -e 0` of the same turn; and the same with `--json`. */
  readonly listOverNode: Spread
  readonly jsonListOverNode: Spread
  /** `balance serve`: from its start to the line that says where it listens. */
  readonly ready: Spread
  /** Proportional set size then, bytes; null where the host does not tell. */
  readonly pss: Spread | null
  /** The longest that /livez waited while the daemon was idle, and while it read its configuration anew. */
  readonly quiet: Spread
  readonly reload: Spread
}

/** How often. */
export interface ColdPace {
  readonly starts: number
  /** Also of lists and of daemons, which take longer than an empty program. */
  readonly reloads: number
  /** How long is watched before a reload and after it, ms. */
  readonly watch: number
}

export async function measureColdStart(
  home: BalanceHome,
  keys: number,
  probe: () => Promise<Child<Waited>>,
  { starts, reloads, watch }: ColdPace,
  pin: boolean,
): Promise<ColdStart> {
  const commands = measureCommands(home, starts, reloads, pin)
  const ready: number[] = []
  const sizes: (number | null)[] = []
  for (let n = 1; n < reloads; n++) {
    const serving = await home.serve({ gauged: false })
    ready.push(serving.readyAfter)
    sizes.push(pssOf(serving.pids))
    await serving.end()
  }
  const serving = await home.serve({ gauged: false })
  ready.push(serving.readyAfter)
  sizes.push(pssOf(serving.pids))
  const prober = await probe()
  try {
    const waits = await measureReloads(home, serving, prober, reloads, watch)
    const known = sizes.filter(size => size !== null)
    return {
      keys,
      ...commands,
      ready: spread(ready),
      pss: known.length === 0 ? null : spread(known),
      ...waits,
    }
  } finally {
    await Promise.all([prober.end(), serving.end()])
  }
}

function measureCommands(home: BalanceHome, starts: number, lists: number, pin: boolean) {
  const [node, version]: [number[], number[]] = [[], []]
  for (let n = 0; n < starts; n++) {
    node.push(timed(['-e', '0'], pin))
    version.push(timed([BINARY, '--version'], pin))
  }
  const overNode = (args: readonly string[]) =>
    Array.from({ length: lists }, () => timed(home.line(args), pin) - timed(['-e', '0'], pin))
  return {
    node: spread(node),
    version: spread(version),
    listOverNode: spread(overNode(['keys', 'list'])),
    jsonListOverNode: spread(overNode(['keys', 'list', '--json'])),
  }
}

function timed(args: readonly string[], pin: boolean): number {
  const [file = '', ...rest] = pinned([process.execPath, ...args], 'contender', pin)
  const start = systemClock.now()
  const options = { stdio: 'ignore', env: cleanEnvironment('/nonexistent') } as const
  const { status } = spawnSync(file, rest, options)
  if (status !== 0) throw new BalanceError('failed', `node ${args.join(' ')} exited ${status}.`)
  return systemClock.now() - start
}

async function measureReloads(
  home: BalanceHome,
  serving: Serving,
  prober: Child<Waited>,
  times: number,
  watch: number,
) {
  const ask = (order: ProbeOrder) => prober.ask(order)
  const [quiet, reload]: [number[], number[]] = [[], []]
  await ask({ port: serving.json.port, path: '/livez' })
  // What is done once after a start is no reload's.
  await systemClock.sleep(watch)
  for (let n = 0; n < times; n++) {
    await ask({ tell: true })
    await systemClock.sleep(watch)
    quiet.push((await ask({ tell: true })).longest)
    await reloadOnce(home, serving, n)
    await systemClock.sleep(watch)
    reload.push((await ask({ tell: true })).longest)
  }
  return { quiet: spread(quiet), reload: spread(reload) }
}

const PATIENCE_MS = 30_000
const LOOK_AGAIN_MS = 20

/** @param number of the reload: each finds something new in its file */
async function reloadOnce(home: BalanceHome, { pid }: Serving, number: number): Promise<void> {
  const before = home.revisions
  home.configure(`${100 + number}s`)
  const start = systemClock.now()
  process.kill(pid, 'SIGHUP')
  while (home.revisions === before) {
    if (systemClock.now() - start > PATIENCE_MS) {
      throw new BalanceError('failed', 'cold-start: a reload was not over after half a minute.', {
        hint: 'Was the host busy? Only this one again: balance bench --only cold-start',
      })
    }
    await systemClock.sleep(LOOK_AGAIN_MS)
  }
}
