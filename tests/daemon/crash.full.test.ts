import { fork } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type MessageEvent, WebSocket } from 'undici'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { VERSION } from '../../src/base/version.ts'
import type { ToDaemon, ToWorker } from '../../src/daemon/worker-message.ts'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { CatalogueSender } from '../../src/model/catalogue-slices.ts'
import { catalog } from '../support/catalog.ts'
import { eventually, World } from '../support/daemon.ts'
import { ask } from '../support/gateway.ts'
import { CHAT } from '../support/open-stream.ts'

let mock: Mock
let world: World

beforeEach(async () => {
  mock = await startMock({ tokens: 4 })
  world = new World()
})
afterEach(async () => {
  await world.remove()
  await mock.close()
})

/** Plants a defect in a running process, through the debugger that Node opens on SIGUSR1. */
async function plantDefect(pid: number, stderr: () => string): Promise<void> {
  await plantThere(await debuggerOf(pid, stderr))
}

async function debuggerOf(pid: number, stderr: () => string): Promise<WebSocket> {
  process.kill(pid, 'SIGUSR1')
  await eventually(() => /ws:\/\/\S+/.test(stderr()), 'a debugger')
  const socket = new WebSocket((/ws:\/\/\S+/.exec(stderr()) as RegExpExecArray)[0])
  await once(socket, 'open')
  return socket
}

async function plantThere(socket: WebSocket): Promise<void> {
  const expression = 'setImmediate(() => { throw new Error("planted") })'
  socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } }))
  await new Promise<MessageEvent>(resolve => socket.addEventListener('message', resolve))
  socket.close()
}

describe('a defect that nobody caught', () => {
  it('ends the daemon, but first what was served is written down', async () => {
    const token = await world.furnish(mock.url, 'sk-good-0123456789abcdef')
    world.env.NODE_OPTIONS = '--inspect-port=0'
    const daemon = await world.serve('--workers', '1')
    await daemon.ask(token, { headers: { 'x-request-id': 'before-the-crash' } })
    const asked = daemon.ask(token, { headers: { 'x-request-id': 'just-before' } })
    await Promise.all([asked, plantDefect(daemon.pid, () => daemon.stderr)])
    expect(await daemon.ended).toMatchObject({ code: 1 })
    expect(daemon.stderr).toMatch(/"level":60.*planted.*a defect ends this daemon/)
    const store = await world.openStore()
    const records = await store.records({ limit: 10 })
    await store.close()
    expect(records.map(({ requestId }) => requestId).sort()).toEqual([
      'before-the-crash',
      'just-before',
    ])
    const again = await world.serve()
    expect((await again.ask(token)).status).toBe(200)
  })

  it('ends the daemon, too, where nobody reads its log any more; that alone does not', async () => {
    const token = await world.furnish(mock.url, 'sk-good-0123456789abcdef')
    world.env.NODE_OPTIONS = '--inspect-port=0'
    const daemon = await world.serve('--workers', '1')
    const socket = await debuggerOf(daemon.pid, () => daemon.stderr)
    daemon.program.process.stderr?.destroy()
    for (const limit of ['2MiB', '3MiB']) {
      const { stderr } = await world.balance(['config', 'set', 'max_body', limit])
      expect(stderr).toContain('in force')
      expect((await daemon.ask(token)).status).toBe(200)
    }
    await plantThere(socket)
    expect(await daemon.ended).toMatchObject({ code: 1 })
  })

  it('ends a worker, after it has told its daemon all it knows', async () => {
    const worker = fork(new URL('../../dist/worker.js', import.meta.url), [], {
      env: {},
      execArgv: ['--inspect-port=0'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    let stderr = ''
    worker.stderr?.on('data', chunk => {
      stderr += chunk
    })
    const heard: ToDaemon[] = []
    worker.on('message', message => heard.push(message as ToDaemon))
    const hello: ToWorker = {
      kind: 'hello',
      version: VERSION,
      logLevel: 'info',
      anonymous: false,
      tls: null,
      dashboard: '/nowhere',
    }
    worker.send(hello)
    for (const slice of new CatalogueSender().slices(catalog())) worker.send(slice)
    await eventually(() => heard.some(({ kind }) => kind === 'applied'), 'a catalogue in force')
    const door = createServer({ pauseOnConnect: true }, socket =>
      worker.send({ kind: 'connection', id: 1 } satisfies ToWorker, socket),
    ).listen(0, '127.0.0.1')
    await once(door, 'listening')
    const { port } = door.address() as AddressInfo
    // Refused, for there is no token; but it was served.
    const asked = ask(port, { ...CHAT, token: null, headers: { 'x-request-id': 'just-before' } })
    await Promise.all([asked, plantDefect(worker.pid as number, () => stderr)])
    const [code] = await once(worker, 'exit')
    door.close()
    expect(code).toBe(1)
    expect(stderr).toMatch(/planted.*a defect ended this worker/)
    const told = heard.flatMap(message => (message.kind === 'records' ? message.batch : []))
    expect(told.map(({ requestId }) => requestId)).toEqual(['just-before'])
    // Connections that close while it ends may be counted after it.
    expect(heard.findLast(({ kind }) => kind !== 'closed')).toEqual({ kind: 'ended' })
  })
})
