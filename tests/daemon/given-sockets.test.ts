import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { DaemonStatus } from '../../src/model/status.ts'
import { eventually, World } from '../support/daemon.ts'
import { ask } from '../support/gateway.ts'
import {
  inodesListening,
  type ListeningSocket,
  listeningSocket,
} from '../support/listening-socket.ts'
import { CHAT } from '../support/open-stream.ts'

const KEY = 'sk-good-0123456789abcdef'
const STUCK = { 'x-mock-script': 'hang-after:4' }

let mock: Mock
let world: World
let token: string
const open: ListeningSocket[] = []

/** A socket that daemons are given from now on, after those before it. */
async function give(host = '127.0.0.1', path?: string): Promise<ListeningSocket> {
  const socket = await listeningSocket(host, path)
  open.push(socket)
  world.sockets = [...world.sockets, socket]
  return socket
}

beforeEach(async () => {
  mock = await startMock({ rate: 25, tokens: 10 })
  world = new World()
  token = await world.furnish(mock.url, KEY)
  const store = await world.openStore()
  await store.setSetting('forward_headers', ['x-mock-script'])
  await store.close()
})
afterEach(async () => {
  for (const socket of open.splice(0)) socket.close()
  await world.remove()
  await mock.close()
})

const chat = (port: number) => ask(port, { ...CHAT, token })

describe('a socket that a service manager gives', () => {
  it('is listened on in place of the configured address, and is what start line and status name', async () => {
    const { port } = await give()
    const daemon = await world.serve('--host', '127.0.0.2', '--workers', '2')
    expect(daemon.url).toBe(`http://127.0.0.1:${port}`)
    expect((await chat(port)).status).toBe(200)
    const { url } = await world.json<DaemonStatus>(['status'])
    expect(url).toBe(daemon.url)
    expect(daemon.stderr).toContain(`"url":"${daemon.url}","sockets":"given"`)
  })

  it('is one of several, which are all listened on', async () => {
    const [first, second] = [await give(), await give('::1')]
    const daemon = await world.serve()
    expect(daemon.url).toBe(`http://127.0.0.1:${first.port}`)
    expect(daemon.stderr).toContain(`"also":["http://[::1]:${second.port}"]`)
    expect((await chat(first.port)).status).toBe(200)
    expect((await fetch(`http://[::1]:${second.port}/livez`)).status).toBe(200)
  })

  it('is held by the daemon alone, and named to no child', async () => {
    const { port } = await give()
    const daemon = await world.serve('--workers', '2')
    // The daemon is ready with its first.
    const workers = await eventually(async () => {
      const { workers } = await world.json<DaemonStatus>(['status'])
      return workers.length === 2 ? workers : null
    }, 'two workers')
    const inodes = inodesListening(port)
    expect(inodes).toHaveLength(1)
    const holds = (pid: number) =>
      linksOf(pid).some(link => inodes.some(inode => link === `socket:[${inode}]`))
    expect(holds(daemon.pid)).toBe(true)
    for (const { pid } of workers) {
      expect(holds(pid)).toBe(false)
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toMatch(/LISTEN_/)
    }
  })

  it('is not ours where LISTEN_PID is another process', async () => {
    Object.assign(world.env, { LISTEN_PID: '1', LISTEN_FDS: '1' })
    const daemon = await world.serve()
    expect(daemon.stderr).not.toContain('"sockets":"given"')
    expect((await chat(daemon.port)).status).toBe(200)
  })

  it('off loopback needs a token first, whatever the configured address is', async () => {
    await give()
    await give('0.0.0.0')
    const bare = new World()
    bare.sockets = world.sockets
    const { code, stderr } = await bare.start(['serve', '--host', '127.0.0.1']).ended
    await bare.remove()
    expect(code).toBe(78)
    expect(stderr).toContain('Listening on 0.0.0.0 needs a client token first')
  })

  it('is refused where it is none of TCP, with what its unit needs', async () => {
    await give('', join(world.root, 'unix.sock'))
    const { code, stderr } = await world.start(['serve']).ended
    expect(code).toBe(78)
    expect(stderr).toContain('Descriptor 3, which was given to listen on, is no TCP socket')
    expect(stderr).toContain('ListenStream=127.0.0.1:8077')
  })
})

describe('SIGTERM with a given socket', () => {
  it('drains for restart_drain at most, while new connections wait for the next daemon', async () => {
    const { port } = await give()
    const options = ['--drain', '20s', '--restart-drain', '600ms']
    const daemon = await world.serve(...options)
    const ending = await daemon.stream(token)
    const stuck = await daemon.stream(token, STUCK)
    const began = performance.now()
    daemon.signal('SIGTERM')
    await daemon.program.said('stopping')
    const waiting = chat(port)
    const [whole, cut] = await Promise.all([ending.over, stuck.over])
    expect(whole.cut).toBe(false)
    expect(cut.text).toContain('"code":"overloaded"')
    expect(cut.at - began).toBeGreaterThanOrEqual(590)
    expect(await daemon.ended).toMatchObject({ code: 0 })
    expect(performance.now() - began).toBeLessThan(10_000)
    const waits = Promise.race([waiting, Promise.resolve('waiting')])
    expect(await waits).toBe('waiting')
    await world.serve(...options)
    expect((await waiting).status).toBe(200)
  })

  it('never drains for longer than drain', async () => {
    await give()
    const daemon = await world.serve('--drain', '100ms', '--restart-drain', '30s')
    const stuck = await daemon.stream(token, STUCK)
    const began = performance.now()
    daemon.signal('SIGTERM')
    await stuck.over
    expect(performance.now() - began).toBeLessThan(10_000)
  })

  it('answers what was sent before it on a connection that was not read yet', async () => {
    const { port } = await give()
    const daemon = await world.serve()
    const asked = Array.from({ length: 50 }, () => chat(port))
    daemon.signal('SIGTERM')
    const answers = [...asked, ...Array.from({ length: 50 }, () => chat(port))]
    await daemon.ended
    await world.serve()
    for (const { status } of await Promise.all(answers)) expect(status).toBe(200)
  })
})

function linksOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder).flatMap(name => {
    try {
      return [readlinkSync(join(folder, name))]
    } catch {
      // Closed since it was listed.
      return []
    }
  })
}
