import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Gauge, gaugeOptions } from '../../src/bench/gauge.ts'

/** At each word: `hold` keeps its event loop for 100 ms, `take` has a million bytes of the heap, and forgets them. */
const WORKS = `
process.stdin.on('data', word => {
  const end = performance.now() + 100
  if (String(word) === 'hold') while (performance.now() < end);
  else for (let n = 0; n < 100; n++) Array.from({ length: 1_250 }, () => n)
  process.stdout.write('done')
})
process.stdout.write('ready')`

let child: ChildProcess
let gauge: Gauge
beforeAll(async () => {
  child = spawn(process.execPath, [...gaugeOptions(), '-e', WORKS], {
    stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
  })
  gauge = new Gauge(child)
  await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data')
})
afterAll(() => void child.kill())

async function work(word: string): Promise<number> {
  child.stdin?.write(word)
  await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data')
  return 100
}

it('sees for how long an event loop was held', async () => {
  const { loopMost, loopP99 } = await gauge.during(() => work('hold'))
  expect(loopMost).toBeGreaterThan(95)
  expect(loopP99).toBeGreaterThan(95)
})

it('counts what was taken of the heap, for each unit, collected or not', async () => {
  await gauge.during(() => work('take'))
  for (let times = 0; times < 30; times++) {
    const { allocated } = await gauge.during(() => work('take'))
    expect(allocated).toBeGreaterThan(9_500)
    expect(allocated).toBeLessThan(40_000)
  }
})

it('keeps no process alive that has ended otherwise', async () => {
  const other = spawn(process.execPath, [...gaugeOptions(), '-e', '0'], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  expect(await once(other, 'exit')).toEqual([0, null])
})
