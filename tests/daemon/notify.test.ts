import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { DaemonStatus } from '../../src/model/status.ts'
import { eventually, World } from '../support/daemon.ts'
import { hasSystemd } from '../support/systemd.ts'

const KEYS = ['sk-a-0123456789abcdef', 'sk-b-0123456789abcdef']
const WORKERS = Number(process.env.BALANCE_TEST_WORKERS ?? 1)

let mock: Mock
let world: World

beforeEach(async () => {
  mock = await startMock()
  world = new World()
  await world.furnish(mock.url, ...KEYS)
})
afterEach(async () => {
  await world.remove()
  await mock.close()
})

/** A `systemd-notify` that writes down what it is called with, a line for each call, and whether it was alone. */
function fakeNotify(world: World): () => string[] {
  const bin = join(world.root, 'bin')
  const said = join(world.root, 'said')
  mkdirSync(bin)
  const command = join(bin, 'systemd-notify')
  writeFileSync(
    command,
    `#!/bin/sh
mkdir ${said}.lock || echo "OVERLAP" >> ${said}
sleep 0.05
IFS='|'; echo "$*|$NOTIFY_SOCKET" >> ${said}
rmdir ${said}.lock
`,
  )
  chmodSync(command, 0o755)
  Object.assign(world.env, {
    PATH: [bin, world.env.PATH].join(delimiter),
    NOTIFY_SOCKET: '/run/elsewhere',
  })
  return () => (existsSync(said) ? readFileSync(said, 'utf8').trim().split('\n') : [])
}

const ready = 'READY=1|STATUS=1 provider, 2 keys, 2 usable; revision '

describe('a service manager that asks', () => {
  it('is told that the daemon serves, reloads and stops, in this order', async () => {
    const said = fakeNotify(world)
    const daemon = await world.serve()
    await eventually(() => said().length > 0, 'READY=1')
    writeFileSync(join(world.cwd, 'balance.config.yaml'), 'max_body: 1MiB\n')
    await world.json(['reload'])
    await eventually(() => said().length > 2, 'READY=1 after the reload')
    await daemon.stop()
    await eventually(() => said().length > 3, 'STOPPING=1')
    const states = said().map(line => line.replace(/\|STATUS=[^|]*/, '').split('|'))
    expect(states.map(([state]) => state)).toEqual([
      'READY=1',
      'RELOADING=1',
      'READY=1',
      'STOPPING=1',
    ])
    expect(states[1]?.[1]).toMatch(/^MONOTONIC_USEC=\d+$/)
    for (const state of states) expect(state.at(-1)).toBe('/run/elsewhere')
    expect(said()[0]).toContain('STATUS=1 provider, 2 keys, 2 usable; revision ')
  })

  it('is told of a reload that is refused, too, and that the daemon still serves', async () => {
    const said = fakeNotify(world)
    const daemon = await world.serve()
    writeFileSync(join(world.cwd, 'balance.config.yaml'), 'no_such_setting: 1\n')
    daemon.signal('SIGHUP')
    await daemon.program.said('reload refused')
    await eventually(() => said().length > 2, 'READY=1 after the reload')
    expect(said()[2]).toMatch(/^READY=1/)
  })

  it('is given signs of life twice in the time it asks for', async () => {
    const said = fakeNotify(world)
    world.env.WATCHDOG_USEC = '400000'
    await world.serve()
    await eventually(() => said().filter(line => line.includes('WATCHDOG=1')).length >= 3, 'three')
    for (const line of said()) expect(line).not.toContain('MAINPID')
  })

  it('is given none that are asked of another process', async () => {
    const said = fakeNotify(world)
    Object.assign(world.env, { WATCHDOG_USEC: '20000', WATCHDOG_PID: '1' })
    await world.serve()
    await world.json(['reload'])
    await eventually(() => said().length > 2, 'READY=1 after the reload')
    expect(said().join()).not.toContain('WATCHDOG=1')
  })

  it('is not told where systemd-notify is missing: one warning, and the daemon serves', async () => {
    world.env.NOTIFY_SOCKET = '/run/elsewhere'
    world.env.PATH = join(world.root, 'nowhere')
    const daemon = await world.serve()
    await daemon.program.said('systemd-notify does not work')
    await world.json(['reload'])
    await daemon.stop()
    expect(daemon.stderr.match(/systemd-notify does not work/g)).toHaveLength(1)
  })

  it('is not named to workers', async () => {
    fakeNotify(world)
    await world.serve('--workers', '2')
    const { workers } = await world.json<DaemonStatus>(['status'])
    for (const { pid } of workers) {
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('NOTIFY_SOCKET')
    }
  })
})

/** A socket as systemd has one: it prints each datagram as a line, with the pid that sent it. */
const LISTENER = `
import os, socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
print('listening', flush=True)
while True:
    data, anc, _, _ = s.recvmsg(65536, 4096)
    for level, kind, value in anc:
        if kind == socket.SCM_RIGHTS: os.close(struct.unpack('i', value[:4])[0])
    print(data.decode().replace('\\n', '|'), flush=True)
`

describe.runIf(hasSystemd)('the real systemd-notify', () => {
  let listener: ChildProcess

  afterEach(() => listener.kill())

  it('carries it all to the socket', async () => {
    const path = join(world.root, 'notify.sock')
    listener = spawn('python3', ['-c', LISTENER, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    let heard = ''
    listener.stdout?.on('data', chunk => {
      heard += chunk
    })
    await once(listener.stdout as NonNullable<typeof listener.stdout>, 'data')
    Object.assign(world.env, { NOTIFY_SOCKET: path, WATCHDOG_USEC: '400000' })
    const daemon = await world.serve('--workers', String(WORKERS))
    await eventually(() => heard.includes(ready), 'READY=1')
    await eventually(() => heard.includes('WATCHDOG=1'), 'WATCHDOG=1')
    await world.json(['reload'])
    await eventually(() => /RELOADING=1\|MONOTONIC_USEC=\d+.*READY=1/s.test(heard), 'the reload')
    await daemon.stop()
    await eventually(() => heard.includes('STOPPING=1'), 'STOPPING=1')
    expect(heard).not.toContain('MAINPID')
  })
})
