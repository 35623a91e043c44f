import { Agent, request } from 'node:http'
import { loadavg } from 'node:os'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { DaemonStatus } from '../../src/model/status.ts'
import { count, PATIENCE } from '../support/count.ts'
import { type Daemon, eventually, World } from '../support/daemon.ts'
import { PASSWORD } from '../support/dashboard.ts'
import { RunQueue } from '../support/run-queue.ts'
import { SteadyLoad } from '../support/steady-load.ts'

const GUESSES = count(300, 10_000)
/** Guessing goes on for this long at least: some minutes of a soak. */
const LASTS_MS = count(5_000, 600_000)
const AT_ONCE = 20
const UNNOTICED_MS = 250
const A_MINUTE = 30

describe.each(count(1, 2) === 1 ? [2] : [1, 2])(
  "guesses at the dashboard's password, %i processes",
  workers => {
    let mock: Mock
    let world: World
    let token: string
    let daemon: Daemon
    beforeEach(async () => {
      mock = await startMock({ tokens: 4, keep: 0 })
      world = new World()
      token = await world.furnish(mock.url, 'sk-good-0123456789abcdef')
      await world.balance(['admin', 'password'], `${PASSWORD}\n`)
      daemon = await world.serve('--workers', `${workers}`)
    })
    afterEach(async () => {
      await world.remove()
      await mock.close()
    })

    it('are looked at thirty times a minute, and hold up no request', {
      timeout: PATIENCE,
    }, async ({ annotate }) => {
      const status = await world.json<DaemonStatus>(['status'])
      const pids = [daemon.pid, process.pid, ...status.workers.map(({ pid }) => pid)]
      const queue = new RunQueue(pids)
      const load = new SteadyLoad(() => daemon.port, token, 50)
      const began = performance.now()
      const answers = await guessAll(daemon, LASTS_MS)
      const minutes = Math.ceil((performance.now() - began) / 60_000)
      const report = await load.stop()
      queue.stop()

      const wrong = answers.filter(each => each === 401).length
      const limited = answers.filter(each => each === 429).length
      const others = answers.filter(each => each !== 401 && each !== 429)
      expect(others).toEqual([])
      expect(wrong).toBeGreaterThanOrEqual(A_MINUTE)
      expect(wrong).toBeLessThanOrEqual(A_MINUTE * minutes)

      expect(report.statuses).toEqual({ 200: report.sent })
      const { p50, p99, longest, sent, times } = report
      const long = times.filter(({ from, to }) => to - from > UNNOTICED_MS)
      const slow = queue.slow(times, UNNOTICED_MS)
      await annotate(
        `${GUESSES} guesses, ${wrong} looked at; ${sent} requests: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, longest ${longest.toFixed(1)} ms; above ${UNNOTICED_MS} ms: ${long.length}, but for waiting for a processor: ${slow.length}; load average ${loadavg().map(Math.round).join(' ')}`,
      )
      expect(slow).toEqual([])

      // The owner gets in all the same, and is told.
      const { url } = await world.json<{ url: string }>(['dashboard'])
      expect(url).toContain('/admin/link?t=')
      await daemon.stop()
      const told = await world.json<
        { action: string; after: { wrong: number; limited: number } }[]
      >([...['config', 'log', '--subject', 'dashboard', '--limit', '99']])
      const rows = told.filter(({ action }) => action === 'admin.login.failed')
      expect(rows.length).toBeLessThanOrEqual(minutes + 1)
      const sum = (what: 'wrong' | 'limited') =>
        rows.reduce((all, { after }) => all + after[what], 0)
      expect([sum('wrong'), sum('limited')]).toEqual([wrong, limited])
    })
  },
)

/** From as many addresses of loopback as there are guesses, evenly over the time; their statuses. */
async function guessAll(daemon: Daemon, ms: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: false, maxSockets: AT_ONCE })
  const answers: number[] = []
  const sending: Promise<void>[] = []
  const began = performance.now()
  for (let n = 0; n < GUESSES; n++) {
    await eventually(() => performance.now() - began >= (n * ms) / GUESSES, 'its time', ms * 2)
    sending.push(
      guess(daemon, agent, n).then(status => {
        answers.push(status)
      }),
    )
  }
  await Promise.all(sending)
  agent.destroy()
  return answers
}

function guess({ port, url }: Daemon, agent: Agent, n: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({
      ...{ port, agent, host: '127.0.0.1', method: 'POST', path: '/admin/api/login' },
      localAddress: `127.1.${n >> 8}.${n & 255 || 1}`,
      headers: { origin: url, 'x-balance-admin': '1', 'content-type': 'application/json' },
    })
    sent.on('error', reject)
    sent.on('response', response => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    })
    sent.end(JSON.stringify({ password: `guess number ${n}` }))
  })
}
