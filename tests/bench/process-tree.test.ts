import { spawn } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { parsePs, parseRollup, parseStat, usedBy } from '../../src/bench/process-tree.ts'

/** Keeps a core busy for so many milliseconds of its time. */
function burn(ms: number): void {
  const start = process.cpuUsage()
  while (process.cpuUsage(start).user / 1_000 < ms);
}

describe('what a process tree has used', () => {
  it('is read from /proc, whatever the process is called', () => {
    const line =
      '4242 (node (a) b) S 17 4242 4242 0 -1 4194560 9 0 0 0 150 50 20 5 20 0 11 0 99 1000 512 0'
    expect(parseStat(line)).toEqual({ pid: 4242, parent: 17, cpu: 2_250, rss: 512 * 4_096 })
  })

  it('is read from ps as macOS prints it', () => {
    const text = '    1     0   0:12.34  10240\n 4242     1   1:02:03.50   2048\n'
    expect(parsePs(text)).toEqual([
      { pid: 1, parent: 0, cpu: 12_340, rss: 10_240 * 1_024 },
      { pid: 4_242, parent: 1, cpu: 3_723_500, rss: 2_048 * 1_024 },
    ])
  })

  it('has a proportional size where the kernel tells one', () => {
    const text = '55d0-7ffd ---p 0 00:00 0 [rollup]\nRss:  9000 kB\nPss:  1234 kB\nPss_Anon: 1 kB\n'
    expect(parseRollup(text)).toBe(1_234 * 1_024)
    expect(parseRollup('')).toBeNull()
  })

  it('grows by what was spent, and by no more', () => {
    const before = usedBy(process.pid).cpu
    const own = process.cpuUsage()
    burn(200)
    const { cpu, rss } = usedBy(process.pid)
    const { user, system } = process.cpuUsage(own)
    expect(Math.abs(cpu - before - (user + system) / 1_000)).toBeLessThan(50)
    expect(rss).toBeGreaterThan(10 * 2 ** 20)
  })

  it('counts its children, while they run and afterwards', async () => {
    const before = usedBy(process.pid).cpu
    const script = `const s = process.cpuUsage(); while (process.cpuUsage(s).user < 300000); process.stdout.write('done'); setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['-e', script])
    await new Promise(resolve => child.stdout.once('data', resolve))
    const running = usedBy(process.pid).cpu
    expect(usedBy(child.pid ?? 0).cpu).toBeGreaterThanOrEqual(280)
    expect(running - before).toBeGreaterThanOrEqual(280)
    child.kill()
    await new Promise(resolve => child.once('close', resolve))
    expect(usedBy(process.pid).cpu).toBeGreaterThanOrEqual(running)
  })

  it('is nothing for a process that is not there', () => {
    expect(usedBy(2 ** 30)).toEqual({ cpu: 0, rss: 0 })
  })
})
