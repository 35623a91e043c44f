import { existsSync, readFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { usedBy } from '../../src/bench/process-tree.ts'
import { socketPaths } from '../../src/control/address.ts'
import type { TailLine } from '../../src/control/api.ts'
import { DaemonClient } from '../../src/control/client.ts'
import type { ExchangeShape } from '../../src/control/shapes/exchange.ts'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { count } from '../support/count.ts'
import { type Daemon, eventually, type Program, World } from '../support/daemon.ts'
import type { DatabaseWorld } from '../support/database-world.ts'
import { hasMariadb } from '../support/mariadb.ts'
import { RunQueue } from '../support/run-queue.ts'
import { SteadyLoad } from '../support/steady-load.ts'
import { startTwoNodes } from './two-nodes.ts'

const STOPPED_MS = count(20_000, 120_000)
const AT_EACH = count(200, 2_000)
const EVERY_MS = 40
const GOOD = 'sk-good-0123456789abcdef'
/** Lines that the daemon keeps for a slow reader. */
const KEPT = 1_000
/** Bytes on the way to one: in the socket, and in the stream at either end of it. */
const ON_THE_WAY = bytesOfSocket() + 2 * 65_536
const UNNOTICED_MS = 250
const LAST = 'the-last-one'

describe('readers of a tail that stop reading', () => {
  let mock: Mock
  let world: World
  let token: string
  let daemon: Daemon
  beforeEach(async () => {
    mock = await startMock({ tokens: 4, keep: 0 })
    world = new World()
    token = await world.furnish(mock.url, GOOD)
    daemon = await world.serve()
  })
  afterEach(async () => {
    await world.remove()
    await mock.close()
  })

  it('hold up nobody, and are told how much they missed', {
    timeout: STOPPED_MS + 60_000,
  }, async ({ annotate }) => {
    const deaf = await openTail(world)
    const frozen = world.start(['logs', 'tail', '--json'])
    const printed = readPrinted(frozen)
    await eventually(async () => {
      await daemon.ask(token)
      return printed.ids.size > 0
    }, 'a line of the tail')
    frozen.process.kill('SIGSTOP')

    const before = usedBy(daemon.pid).rss
    const load = new SteadyLoad(() => daemon.port, token)
    const queue = new RunQueue([daemon.pid, process.pid])
    await pause(STOPPED_MS)
    const grown = (usedBy(daemon.pid).rss - before) / 2 ** 20
    const report = await load.stop()
    queue.stop()
    // Workers and the daemon hand on what they gathered.
    await world.json(['logs', 'list'])

    frozen.process.kill('SIGCONT')
    const told = readOn(deaf)
    await eventually(() => told().dropped > 0, 'the deaf one is told that some are left out')
    await frozen.said('left out')
    await daemon.ask(token, { headers: { 'x-request-id': LAST } })
    await eventually(() => told().ids.has(LAST), 'the last one heard')
    await eventually(() => printed.ids.has(LAST), 'the last one printed')
    const readers = [told(), { ...printed, dropped: leftOut(frozen) }]
    for (const { ids, dropped, bytes } of readers) {
      await annotate(
        `a reader stopped for ${STOPPED_MS / 1_000} s: ${ids.size} lines of ${Math.round(bytes / ids.size)} bytes, ${dropped} left out`,
      )
    }
    await annotate(
      `${report.sent} requests meanwhile: the longest took ${Math.round(report.longest)} ms, p99 ${report.p99.toFixed(1)}; memory ${grown.toFixed(1)} MiB more`,
    )
    expect(report.statuses).toEqual({ 200: report.sent })
    // A host that let neither the daemon nor this process run is no fault of the daemon.
    expect(queue.slow(report.times, UNNOTICED_MS)).toEqual([])
    for (const { ids, dropped, bytes } of readers) {
      const lines = [...ids].filter(id => id.startsWith(load.prefix)).length
      expect(lines + dropped).toBe(report.sent)
      expect(lines).toBeGreaterThanOrEqual(KEPT)
      expect(lines).toBeLessThanOrEqual(KEPT + (ON_THE_WAY * ids.size) / bytes)
    }
    expect(grown).toBeLessThan(64)
  })
})

describe.runIf(hasMariadb)('tails on two nodes of one store', () => {
  it('show what either served within 200 ms of its end', {
    timeout: AT_EACH * EVERY_MS + 60_000,
  }, async ({ annotate }) => {
    const nodes = await startTwoNodes([GOOD])
    try {
      const tails = await Promise.all([nodes.here, nodes.there].map(follow))
      const ended = new Map<string, number>()
      const chat = async (daemon: Daemon, id: string) => {
        await daemon.ask(nodes.token, { headers: { 'x-request-id': id } })
        ended.set(id, performance.now())
      }
      // Where nobody followed, the first look only finds out where to begin.
      await eventually(async () => {
        await chat(nodes.first, `begin-first-${ended.size}`)
        await chat(nodes.second, `begin-second-${ended.size}`)
        return tails.every(({ seen }) => {
          const heard = [...seen.keys()].join()
          return heard.includes('begin-first') && heard.includes('begin-second')
        })
      }, 'both follow both')
      ended.clear()

      const chats: Promise<void>[] = []
      for (let turn = 0; turn < AT_EACH; turn++) {
        chats.push(chat(nodes.first, `first-${turn}`), chat(nodes.second, `second-${turn}`))
        await pause(EVERY_MS)
      }
      await Promise.all(chats)
      for (const { seen, stop } of tails) {
        await eventually(() => [...ended.keys()].every(id => seen.has(id)), 'all seen')
        await stop()
      }

      for (const [node, { seen }] of tails.entries()) {
        for (const served of ['first', 'second']) {
          const ids = [...ended.keys()].filter(id => id.startsWith(served))
          const delays = ids.map(id => (seen.get(id) ?? 0) - (ended.get(id) ?? 0))
          delays.sort((a, b) => a - b)
          const at = (share: number) => Math.round(delays[Math.floor(ids.length * share)] ?? 0)
          await annotate(
            `served by the ${served} node, seen at the ${['first', 'second'][node]}: ${at(0.5)} ms after, p99 ${at(0.99)}`,
          )
          expect(at(0.99)).toBeLessThanOrEqual(200)
        }
      }
    } finally {
      await nodes.remove()
    }
  })
})

/** A reader on the control socket that takes nothing from it, once the daemon has it among its readers. */
async function openTail(world: World): Promise<IncomingMessage> {
  const socketPath = await pathOf(world)
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path: '/tail', method: 'POST', agent: false })
    sent.on('response', resolve)
    sent.on('error', reject)
    sent.end('{}')
  })
}

async function pathOf(world: World): Promise<string> {
  const { store } = await world.json<{ store: string }>(['status'])
  const path = socketPaths(store, [world.dataDir]).find(existsSync)
  if (path === undefined) throw new Error('It has no control socket.')
  return path
}

interface Told {
  readonly ids: ReadonlySet<string>
  readonly dropped: number
  readonly bytes: number
}

/** Begins to read; what was told so far. */
function readOn(response: IncomingMessage): () => Told {
  let text = ''
  response.setEncoding('utf8')
  response.on('data', chunk => {
    text += chunk
  })
  return () => {
    const lines = text
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line) as TailLine)
    const ids = lines.flatMap(line => ('exchange' in line ? [line.exchange.requestId] : []))
    const dropped = lines.reduce((sum, line) => sum + ('dropped' in line ? line.dropped : 0), 0)
    return { ids: new Set(ids), dropped, bytes: text.length }
  }
}

/** What a command prints from now on: a pipe that nobody empties stops it. */
function readPrinted(program: Program) {
  const printed = { ids: new Set<string>(), bytes: 0 }
  const read = async () => {
    for (;;) {
      const line = await program.line()
      printed.ids.add((JSON.parse(line) as ExchangeShape).request_id)
      printed.bytes += line.length + 1
    }
  }
  // Until it ends.
  read().catch(() => {})
  return printed
}

function leftOut({ stderr }: Program): number {
  const words = [...stderr.matchAll(/(\d+) requests left out/g)]
  return words.reduce((sum, [, number]) => sum + Number(number), 0)
}

/** Follows in this process, and notes when it heard of which request. */
async function follow(world: DatabaseWorld) {
  const { store } = await world.json<{ store: string }>(['status'])
  const client = (await DaemonClient.connect(store, [world.dataDir])) as DaemonClient
  const enough = new AbortController()
  const seen = new Map<string, number>()
  const reading = (async () => {
    for await (const line of client.tail({}, enough.signal)) {
      if ('exchange' in line) seen.set(line.exchange.requestId, performance.now())
    }
  })()
  return {
    seen: seen as ReadonlyMap<string, number>,
    async stop() {
      enough.abort()
      await reading
    },
  }
}

/** What the kernel keeps of what was written to a socket and not read. */
function bytesOfSocket(): number {
  const path = '/proc/sys/net/core/wmem_default'
  return existsSync(path) ? Number(readFileSync(path, 'utf8')) : 8_192
}
