import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { request } from 'node:http'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { BalanceError } from '../../src/base/errors.ts'
import { socketPaths } from '../../src/control/address.ts'
import { OPERATIONS, type Operator } from '../../src/control/api.ts'
import { DaemonClient } from '../../src/control/client.ts'
import { ControlSocket } from '../../src/control/socket.ts'
import { TailHub } from '../../src/control/tail.ts'

const STORE = 'sqlite:/somewhere/balance.db'
let root: string
let folder: string
/** Where the host's service has its sockets. */
let elsewhere: string
const sockets: ControlSocket[] = []

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bal-ctl-'))
  folder = join(root, 'run')
  elsewhere = join(root, 'service')
  vi.stubEnv('TMPDIR', root)
})
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close()
  vi.unstubAllEnvs()
  rmSync(root, { recursive: true, force: true })
})

/** Answers each operation with its name and what it was given. */
function echo(change: Partial<Operator> = {}): Operator {
  const names = Object.keys(OPERATIONS)
  const verbs = names.map(name => [
    name,
    async (input: unknown) => ({ name, input, pid: 1, url: 'u' }),
  ])
  return { ...(Object.fromEntries(verbs) as unknown as Operator), ...change }
}

async function open(operator = echo(), store = STORE, folders = [folder]): Promise<ControlSocket> {
  const socket = await ControlSocket.open(
    store,
    { own: folders, searched: [...folders, elsewhere] },
    operator,
    new TailHub(),
  )
  sockets.push(socket)
  return socket
}

/** What the socket answers to these bytes as a body. */
function post(socketPath: string, path: string, body: string): Promise<[number, unknown]> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, method: 'POST', agent: false }, response => {
      let text = ''
      response.on('data', chunk => {
        text += chunk
      })
      response.on('end', () => resolve([response.statusCode ?? 0, JSON.parse(text)]))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** A socket that nobody listens at any more, as a killed daemon leaves it. */
async function abandon(path: string): Promise<void> {
  const { spawnSync } = await import('node:child_process')
  const code = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  spawnSync(process.execPath, ['-e', code])
  if (!existsSync(path)) throw new Error('No socket was left.')
}

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)

describe('the control socket', () => {
  it('can be reached by its owner alone', async () => {
    const { path } = await open()
    expect(mode(path)).toBe('600')
    expect(mode(folder)).toBe('700')
    expect(path.startsWith(folder)).toBe(true)
  })

  it('is gone once it is closed', async () => {
    const { path } = await open()
    for (const socket of sockets.splice(0)) socket.close()
    await vi.waitFor(() => expect(existsSync(path)).toBe(false))
    expect(await DaemonClient.connect(STORE, [folder])).toBeNull()
  })

  it('has a path of at most 107 bytes, however deep the data folder lies', async () => {
    const deep = join(root, 'x'.repeat(120))
    const { path } = await open(echo(), STORE, [deep])
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(107)
    expect(mode(path)).toBe('600')
    expect(mode(join(path, '..'))).toBe('700')
    const client = await DaemonClient.connect(STORE, [deep])
    expect(await client?.call('flush', {})).toMatchObject({ name: 'flush' })
  })

  it('is not put into a shared folder that somebody else could change', () => {
    const shared = socketPaths(STORE, []).map(path => join(path, '..'))[0] ?? ''
    expect(shared.startsWith(root)).toBe(true)
    mkdirSync(shared, { mode: 0o700 })
    expect(socketPaths(STORE, [])).toHaveLength(1)
    chmodSync(shared, 0o777)
    expect(socketPaths(STORE, [])).toEqual([])
    rmSync(shared, { recursive: true })
    writeFileSync(shared, '')
    expect(socketPaths(STORE, [])).toEqual([])
  })

  it('has a name of its own for each store', async () => {
    const one = await open(echo(), STORE)
    const two = await open(echo(), `${STORE}-two`)
    expect(one.path).not.toBe(two.path)
  })

  it("is not ours to claim while the host's service has one for the store, nor put there", async () => {
    await open(echo(), STORE, [elsewhere])
    await expect(open()).rejects.toMatchObject({ code: 'already_running' })
    const { path } = await open(echo(), `${STORE}-two`, [])
    expect(path.startsWith(elsewhere)).toBe(false)
  })

  it('takes the place of one that a killed daemon left', async () => {
    mkdirSync(folder)
    await abandon(socketPaths(STORE, [folder])[0] ?? '')
    expect(await DaemonClient.connect(STORE, [folder])).toBeNull()
    const { path } = await open()
    expect(await DaemonClient.connect(STORE, [folder])).not.toBeNull()
    expect(readdirSync(folder)).toEqual([path.slice(folder.length + 1)])
  })

  it('goes to the next folder where it cannot be made', async () => {
    writeFileSync(join(root, 'file'), '')
    const { path } = await open(echo(), STORE, [join(root, 'file'), folder])
    expect(path.startsWith(folder)).toBe(true)
  })
})

describe('a second daemon of a store', () => {
  it('is refused with the pid and address of the first', async () => {
    await open()
    const refused = open(
      echo(),
      STORE,
      // Wherever it would listen itself.
      [join(root, 'elsewhere'), folder],
    )
    await expect(refused).rejects.toMatchObject({
      code: 'already_running',
      message: 'A daemon serves this store already: pid 1, u.',
      exit: 1,
    })
  })

  it.each(['nothing', 'a dead socket'])(
    'is refused when both start at once over %s',
    async what => {
      mkdirSync(folder)
      if (what !== 'nothing') await abandon(socketPaths(STORE, [folder])[0] ?? '')
      const starts = await Promise.allSettled(Array.from({ length: 8 }, () => open()))
      expect(starts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const start of starts) {
        if (start.status === 'rejected') expect(start.reason.code).toBe('already_running')
      }
      expect(readdirSync(folder)).toHaveLength(1)
      expect(await DaemonClient.connect(STORE, [folder])).not.toBeNull()
    },
  )
})

describe('what is asked', () => {
  it('is carried out with what was given', async () => {
    await open()
    const client = await DaemonClient.connect(STORE, [folder])
    expect(await client?.call('abort', { keys: ['k_1'] })).toMatchObject({
      name: 'abort',
      input: { keys: ['k_1'] },
    })
  })

  it.each([
    ['an unknown operation', '/explode', '{}', 404, 'no_such'],
    ['a name of every object', '/constructor', '{}', 404, 'no_such'],
    ['an unknown member', '/stop', '{"now":true,"hard":true}', 400, 'invalid_value'],
    ['a missing member', '/stop', '', 400, 'invalid_value'],
    ['a wrong type', '/abort', '{"keys":"k_1"}', 400, 'invalid_value'],
    ['a list', '/status', '[]', 400, 'invalid_value'],
    ['what is no JSON', '/status', '{"now":', 400, 'invalid_value'],
    ['a tail of an unknown filter', '/tail', '{"colour":"red"}', 400, 'invalid_value'],
    ['too much', '/abort', `{"keys":["${'k'.repeat(2_000_000)}"]}`, 400, 'invalid_value'],
  ])('is refused where it is %s', async (_, path, body, status, code) => {
    const socket = await open()
    expect(await post(socket.path, path, body)).toEqual([
      status,
      { error: expect.objectContaining({ code, message: expect.stringMatching(/[.?]$/) }) },
    ])
    expect(await post(socket.path, '/flush', '')).toMatchObject([200, { name: 'flush' }])
  })

  it('does no harm where it is no HTTP', async () => {
    const socket = await open()
    const stranger = connect(socket.path).on('error', () => {})
    stranger.write(Buffer.from([0, 1, 2, 3, 255, 13, 10, 13, 10]))
    stranger.resume()
    await new Promise(resolve => stranger.once('close', resolve))
    expect(await post(socket.path, '/flush', '')).toMatchObject([200, { name: 'flush' }])
  })
})

describe('the client', () => {
  it('is told what the daemon could not do, with code and hint', async () => {
    const refuse = async () => {
      throw new BalanceError('store_unavailable', 'The store is locked.', { hint: 'Wait.' })
    }
    await open(echo({ flush: refuse }))
    const client = await DaemonClient.connect(STORE, [folder])
    await expect(client?.call('flush', {})).rejects.toMatchObject({
      code: 'store_unavailable',
      message: 'The store is locked.',
      hint: 'Wait.',
    })
  })

  it('learns nothing of a defect but that there is one', async () => {
    const fail = async () => {
      throw new Error('sk-secret')
    }
    await open(echo({ flush: fail }))
    const client = await DaemonClient.connect(STORE, [folder])
    await expect(client?.call('flush', {})).rejects.toMatchObject({
      code: 'internal_error',
      message: expect.not.stringContaining('sk-secret'),
    })
  })

  it('says so when the daemon went away', async () => {
    await open()
    const client = await DaemonClient.connect(STORE, [folder])
    for (const socket of sockets.splice(0)) socket.close()
    await expect(client?.call('flush', {})).rejects.toMatchObject({
      code: 'daemon_unreachable',
      exit: 69,
    })
  })

  it('says so when the daemon dies in the middle of its answer', async () => {
    mkdirSync(folder)
    const dying: Server = createServer(socket => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"na'))
    })
    const path = socketPaths(STORE, [folder])[0] ?? ''
    await new Promise<void>(resolve => dying.listen(path, resolve))
    const client = await DaemonClient.connect(STORE, [folder])
    await expect(client?.call('flush', {})).rejects.toMatchObject({ code: 'daemon_unreachable' })
    await new Promise(resolve => dying.close(resolve))
  })
})
