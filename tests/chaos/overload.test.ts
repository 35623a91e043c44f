import { type ChildProcess, spawn } from 'node:child_process'
import { loadavg } from 'node:os'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { usedBy } from '../../src/bench/process-tree.ts'
import { count } from '../support/count.ts'
import { type Daemon, World } from '../support/daemon.ts'
import { RunQueue } from '../support/run-queue.ts'

const CLIENT = fileURLToPath(new URL('../support/overload.mjs', import.meta.url))
const OVERLOAD_MS = count(10_000, 60_000)
const PEAK_MS = 4_000
const BACK_MS = 5_000
/** Each on a connection that is kept, and asking again once it was answered. */
const CALLERS = 1_000
/** Share of the time; with more, one round can't be compared with another. */
const MOST_WAITED = 0.15

/** As the client tells it. */
interface Told {
  readonly sent: number
  readonly good: number
  readonly shed: number
  readonly failed: number
  readonly unsent: number
  /** Good ones in each half second. */
  readonly halves: readonly (number | null)[]
  readonly p50: number
  readonly p99: number
}

interface Round extends Told {
  /** Good answers in each second of processor time that the daemon had. */
  readonly goodput: number
}

let client: ChildProcess
let lines: AsyncIterator<string>
let world: World
let daemon: Daemon
let token: string

beforeEach(async () => {
  client = spawn(process.execPath, [CLIENT], { stdio: ['pipe', 'pipe', 'inherit'] })
  lines = createInterface({ input: client.stdout as NonNullable<ChildProcess['stdout']> })[
    Symbol.asyncIterator
  ]()
  const { port } = await told<{ port: number }>()
  world = new World()
  token = await world.furnish(`http://127.0.0.1:${port}/v1`, 'sk-good-0123456789abcdef')
  daemon = await world.serve()
})
afterEach(async () => {
  client.kill()
  await world.remove()
})

async function told<T>(): Promise<T> {
  return JSON.parse((await lines.next()).value as string) as T
}

/** @param rate a second; 0: each connection asks again when it was answered */
async function round(ms: number, connections: number, rate = 0): Promise<Round> {
  const { port } = daemon
  client.stdin?.write(`${JSON.stringify({ port, token, ms, rate, connections })}\n`)
  // That thousands of connections are made is no part of what it can do with them.
  const warm = Math.floor(ms / 1_000)
  await pause(warm * 500)
  const before = usedBy(daemon.pid).cpu
  const said = await told<Told>()
  const good = said.halves.slice(warm).reduce<number>((sum, each) => sum + (each ?? 0), 0)
  return { ...said, goodput: (good * 1_000) / (usedBy(daemon.pid).cpu - before) }
}

it('three times as many callers as it can serve at once: as many answers, and normal again thereafter', {
  timeout: count(120_000, 240_000),
}, async ({ annotate }) => {
  const queue = new RunQueue([daemon.pid])
  await round(PEAK_MS, CALLERS)
  const few = await round(PEAK_MS, 64)
  const from = performance.now()
  const peak = await round(PEAK_MS, CALLERS)
  const rate = (3_000 * peak.good) / PEAK_MS
  const over = await round(OVERLOAD_MS, 3 * CALLERS, rate)
  const to = performance.now()
  const after = await round(BACK_MS, CALLERS)
  queue.stop()
  const waited = queue.waited(from, to) / (to - from)
  for (const [name, { goodput, ...said }] of Object.entries({ few, peak, over, after })) {
    await annotate(
      `${name}: ${Math.round(goodput)} answers a second of processor; ${JSON.stringify(said)}; load ${loadavg()[0]?.toFixed(1)}`,
    )
  }
  await annotate(
    `${Math.round((100 * over.goodput) / peak.goodput)} % of the peak, ${Math.round((100 * over.goodput) / few.goodput)} % of what it does for 64; the daemon waited ${Math.round(100 * waited)} % of the time for a processor`,
  )
  expect([peak.failed, over.failed, after.failed]).toEqual([0, 0, 0])
  // Where others have the processors, which of the rounds had more of them decides.
  if (waited <= MOST_WAITED) {
    expect(over.goodput).toBeGreaterThanOrEqual(0.9 * peak.goodput)
    expect(after.goodput).toBeGreaterThanOrEqual(0.8 * peak.goodput)
  }
  expect((await daemon.ask(token)).status).toBe(200)
})
