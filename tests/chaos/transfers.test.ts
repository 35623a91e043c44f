import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { count } from '../support/count.ts'
import { type Daemon, eventually, World } from '../support/daemon.ts'
import { EchoUpstream } from '../support/echo-upstream.ts'
import { field, file, form } from '../support/forms.ts'
import { ask } from '../support/gateway.ts'
import { OpenUpload } from '../support/open-upload.ts'

const MB = 1_000_000
const UPLOAD = count(64, 1_000) * MB
const DOWNLOAD = 500 * MB
const WARMING = 64 * MB
const CHUNK = Buffer.alloc(65_536, Buffer.from(Array.from({ length: 256 }, (_, i) => i)))
const WRITE_IDLE_MS = 2_000
/** What is held is counted, not what was thrown away a moment ago. */
const COLLECTING = ['--expose-gc', '--import', 'data:text/javascript,setInterval(gc,200).unref()']

let upstream: EchoUpstream
let world: World
let daemon: Daemon
let token: string

/** It measures by /proc. */
describe.runIf(existsSync('/proc/self/smaps_rollup'))('large transfers', () => {
  beforeAll(async () => {
    upstream = await EchoUpstream.start()
    world = new World()
    token = await world.furnish(upstream.url, 'sk-a-0123456789abcdef')
    const store = await world.openStore()
    await store.setSetting('write_idle', WRITE_IDLE_MS)
    await store.addTargets('alias', [{ provider: 'mock', model: 'sora-2', weight: 1, tier: 1 }])
    await store.close()
    daemon = await world.serve()
    // By then code is compiled, and V8's space for what is new has the size that it keeps.
    await upload('/v1/videos', 'alias', WARMING)
    await upload('/v1/files', 'x', WARMING)
    upstream.echoes.length = 0
  })

  afterAll(async () => {
    await world.remove()
    await upstream.close()
  })

  it(`a form of ${UPLOAD / MB} MB takes at most 32 MB, and only its model differs`, async ({
    annotate,
  }) => {
    for (const [path, served] of [
      ['/v1/videos', 'sora-2'],
      ['/v1/files', 'alias'],
    ] as const) {
      const memory = new Peak(daemon.pid)
      const began = performance.now()
      const expected = await upload(path, 'alias', UPLOAD, served)
      const seconds = (performance.now() - began) / 1_000
      const grown = memory.stop()
      expect(upstream.take()).toMatchObject(expected)
      await annotate(
        `${path}: ${grown.toFixed(1)} MB more, ${(UPLOAD / MB / seconds).toFixed(0)} MB/s`,
      )
      expect(grown).toBeLessThanOrEqual(32)
    }
  })

  it('clients that never read take at most 3 MB each, and are cut off after write_idle', async ({
    annotate,
  }) => {
    await daemon.stop()
    world.nodeOptions = COLLECTING
    daemon = await world.serve()
    const path = '/v1/videos/v/content'
    let size = WARMING
    let cut = 0
    upstream.intercept = (_request, response) => {
      response.on('close', () => cut++)
      respondAtLength(response, size)
    }
    expect((await ask(daemon.port, { path, token })).body).toHaveLength(WARMING)
    size = DOWNLOAD
    const all: number[] = []
    // A heap may grow for its own reasons, once; what clients take they take each time.
    do {
      cut = 0
      const memory = new Peak(daemon.pid)
      const began = performance.now()
      const clients = await Promise.all([1, 2, 3].map(() => deafClient(path)))
      await eventually(() => cut === clients.length, 'all are cut off', 20_000)
      const after = performance.now() - began
      all.push(memory.stop())
      for (const client of clients) client.destroy()
      await annotate(
        `${all.at(-1)?.toFixed(1)} MB more for 3; cut off after ${after.toFixed(0)} ms`,
      )
      expect(after).toBeGreaterThanOrEqual(WRITE_IDLE_MS)
      expect(after).toBeLessThan(2 * WRITE_IDLE_MS)
    } while (Math.min(...all) > 9 && all.length < 3)
    upstream.intercept = null
    expect(Math.min(...all)).toBeLessThanOrEqual(9)
    expect((await daemon.ask(token)).status).toBe(200)
  })
})

/** Sends a form of about this many bytes. What should have come of it upstream. */
async function upload(path: string, model: string, bytes: number, served = model) {
  const limit = 'x'.repeat(40)
  const [before, after] = split(form(limit, field('model', model), file('video', 'v', MARK)))
  const chunks = Math.ceil(bytes / CHUNK.length)
  const length = before.length + chunks * CHUNK.length + after.length
  const sent = new OpenUpload(
    daemon.port,
    path,
    { 'content-type': `multipart/form-data; boundary=${limit}`, 'content-length': String(length) },
    token,
  )
  const hash = createHash('sha256')
  const [renamed] = split(form(limit, field('model', served), file('video', 'v', MARK)))
  hash.update(renamed)
  await sent.send(before)
  for (let i = 0; i < chunks; i++) {
    hash.update(CHUNK)
    await sent.send(CHUNK)
  }
  await sent.send(after)
  sent.end()
  expect((await sent.answer())[0]).toBe(200)
  return {
    bytes: length - before.length + renamed.length,
    sha256: hash.update(after).digest('hex'),
  }
}

const MARK = Buffer.from('-- here the file is --')

function split(bytes: Buffer): [Buffer, Buffer] {
  const at = bytes.indexOf(MARK)
  return [bytes.subarray(0, at), bytes.subarray(at + MARK.length)]
}

/** As fast as it is taken. */
function respondAtLength(response: ServerResponse, length: number): void {
  let left = length
  const more = () => {
    while (left > 0) {
      const chunk = CHUNK.subarray(0, left)
      left -= chunk.length
      if (!response.write(chunk)) return
    }
    response.end()
  }
  response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': length })
  response.on('drain', more)
  more()
}

async function deafClient(path: string): Promise<Socket> {
  const socket = connect(daemon.port, '127.0.0.1').pause()
  await once(socket, 'connect')
  socket.on('error', () => {})
  socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`)
  return socket
}

/** How much more memory a process has to itself at most than now. */
class Peak {
  readonly #pid: number
  readonly #before: number
  readonly #timer: NodeJS.Timeout
  #most = 0

  constructor(pid: number) {
    this.#pid = pid
    this.#before = proportionalMb(pid)
    this.#timer = setInterval(() => this.#look(), 50)
  }

  /** MB. */
  stop(): number {
    clearInterval(this.#timer)
    this.#look()
    return this.#most - this.#before
  }

  #look(): void {
    this.#most = Math.max(this.#most, proportionalMb(this.#pid))
  }
}

function proportionalMb(pid: number): number {
  const [, kb] = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')) ?? []
  return Number(kb) / 1_024
}
