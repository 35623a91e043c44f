import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { loadavg } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { usedBy } from '../../src/bench/process-tree.ts'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { count } from '../support/count.ts'
import { type Daemon, eventually, World } from '../support/daemon.ts'
import { RunQueue } from '../support/run-queue.ts'
import { SteadyLoad } from '../support/steady-load.ts'

const EACH = count(200, 2_000)
const PER_SECOND = 100
/** After each twenty of them. */
const PAUSE_MS = count(25, 500)
const UNNOTICED_MS = 250
const WRITE_IDLE_MS = 5_000
/**
 * Longer than the 4.2 MB that the kernel takes for one who reads nothing. All of it stands in its buffers somewhere:
 * 200 times 8 MB would be more than it allows TCP on a host of 24 GiB, and its own calls then last up to 0.1 s.
 */
const LARGE = Buffer.alloc(6 * 2 ** 20, 'x')
/** For one connection: sockets, parsers, and what is on the way to a reader. */
const MOST_OF_ONE = 512 * 1_024
const GOOD = 'sk-good-0123456789abcdef'

/** One that is slow on purpose, and when it was cut off. */
interface Slow {
  readonly began: number
  readonly over: Promise<number>
}

describe.each([['the daemon'], ['two workers', '--workers', '2']] as const)(
  'peers that are slow on purpose, at %s',
  (_where, ...options) => {
    let mock: Mock
    let world: World
    let token: string
    let daemon: Daemon
    beforeEach(async () => {
      mock = await startMock({
        tokens: 4,
        keep: 0,
        respond: (request, response) => {
          if (!request.url.startsWith('/v1/files')) return false
          response.writeHead(200, { 'content-length': LARGE.length })
          response.end(LARGE)
          return true
        },
      })
      world = new World()
      token = await world.furnish(mock.url, GOOD)
      await world.json(['config', 'set', 'write_idle', `${WRITE_IDLE_MS}ms`])
      daemon = await world.serve(...options)
    })
    afterEach(async () => {
      await world.remove()
      await mock.close()
    })

    it(`${EACH} with each of head, body and answer: others do not notice, and they are gone in time`, {
      timeout: count(120_000, 300_000),
    }, async ({ annotate }) => {
      const load = new SteadyLoad(() => daemon.port, token, PER_SECOND)
      await eventually(() => load.answers.length > PER_SECOND, 'a warm daemon', 20_000)
      const queue = new RunQueue([daemon.pid, ...childrenOf(daemon.pid), process.pid])
      const before = usedBy(daemon.pid).rss
      const from = performance.now()
      const heads: Slow[] = []
      const bodies: Slow[] = []
      const readers: Slow[] = []
      for (let n = 0; n < EACH; n++) {
        heads.push(drip(daemon.port, 'GET /v1/models HTTP/1.1\r\nhost: x\r\nx: '))
        bodies.push(drip(daemon.port, bodyOf(token)))
        readers.push(deaf(daemon.port, token))
        // What readers are sent before they stall must not be what keeps this host busy.
        if (n % 20 === 19) await pause(PAUSE_MS)
      }
      let peak = 0
      const watching = setInterval(() => {
        peak = Math.max(peak, usedBy(daemon.pid).rss)
      }, 250)
      const lives = await Promise.all(
        [heads, bodies, readers].map(all => Promise.all(all.map(lifeOf))),
      )
      clearInterval(watching)
      const to = performance.now()
      const report = await load.stop()
      queue.stop()
      const slow = queue.slow(report.times, UNNOTICED_MS)
      const unwaited = Math.max(...report.times.map(time => queue.unwaited(time)))
      const grown = peak - before
      const [ofHeads, ofBodies, ofReaders] = lives.map(all => Math.max(...all)) as [
        number,
        number,
        number,
      ]
      await annotate(
        `${3 * EACH} slow ones for ${Math.round(to - from)} ms: gone after ${Math.round(ofHeads)} (head), ${Math.round(ofBodies)} (body), ${Math.round(ofReaders)} ms (answer); +${Math.round(grown / 2 ** 20)} MiB`,
      )
      await annotate(
        `others: ${report.sent} sent, ${JSON.stringify(report.statuses)}, p50 ${report.p50.toFixed(1)}, p99 ${report.p99.toFixed(1)}, longest ${report.longest.toFixed(1)} ms; above ${UNNOTICED_MS} ms ${report.times.filter(time => time.to - time.from > UNNOTICED_MS).length}, without the wait for a processor ${slow.length}, longest ${unwaited.toFixed(1)}; load ${loadavg()[0]?.toFixed(1)}`,
      )
      expect(load.answers.filter(({ status }) => status !== 200)).toEqual([])
      expect(slow).toEqual([])
      expect(grown).toBeLessThan(3 * EACH * MOST_OF_ONE)
      // Their time, two seconds between looks at heads, and what a busy host adds.
      const waited = queue.waited(from, to)
      expect(ofHeads).toBeLessThan(10_000 + 2_500 + waited + 1_000)
      expect(ofBodies).toBeLessThan(10_000 + 2_500 + waited + 1_000)
      expect(ofReaders).toBeLessThan(WRITE_IDLE_MS + 4_000 + waited + 1_000)
    })
  },
)

function bodyOf(token: string): string {
  return `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n{`
}

/** Sends this, then a byte each second. */
function drip(port: number, first: string): Slow {
  const socket = opened(port, first)
  socket.resume()
  const timer = setInterval(() => socket.write(' '), 1_000)
  socket.on('close', () => clearInterval(timer))
  return { began: performance.now(), over: closed(socket) }
}

/** Asks for something large, and reads nothing of it until it was cut off. */
function deaf(port: number, token: string): Slow {
  const socket = opened(
    port,
    `GET /v1/files/f/content HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`,
  )
  socket.pause()
  // Whether the other side has closed shows when something is written.
  const timer = setInterval(() => socket.write('\r\n'), 500)
  socket.on('close', () => clearInterval(timer))
  return { began: performance.now(), over: closed(socket) }
}

function opened(port: number, first: string): Socket {
  const socket = connect(port, '127.0.0.1', () => socket.write(first))
  socket.on('error', () => socket.destroy())
  return socket
}

function closed(socket: Socket): Promise<number> {
  return new Promise(resolve => socket.on('close', () => resolve(performance.now())))
}

async function lifeOf({ began, over }: Slow): Promise<number> {
  return (await over) - began
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.split(' ').filter(Boolean).map(Number)
}
