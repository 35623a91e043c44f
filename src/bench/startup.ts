import { spawnSync } from 'node:child_process'
import { systemClock } from '../base/clock.ts'
import { BINARY } from './contender.ts'
import { type Spread, spread } from './rounds.ts'

/** How long a process takes from start to end, ms. */
export interface Startup {
  /** `node -e 0` */
  readonly node: Spread
  /** `balance --version` */
  readonly version: Spread
}

/** Starts both in turns, `times` each. */
export function measureStartup(times: number): Startup {
  const node: number[] = []
  const version: number[] = []
  for (let i = 0; i < times; i++) {
    node.push(timed(['-e', '0']))
    version.push(timed([BINARY, '--version']))
  }
  return { node: spread(node), version: spread(version) }
}

function timed(args: readonly string[]): number {
  const start = systemClock.now()
  const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' })
  if (status !== 0) throw new Error(`node ${args.join(' ')} exited ${status}.`)
  return systemClock.now() - start
}
