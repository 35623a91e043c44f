import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import type { DaemonStatus } from '../../src/model/status.ts'
import type { Program } from '../support/daemon.ts'
import { ask } from '../support/gateway.ts'
import { type ListeningSocket, listeningSocket } from '../support/listening-socket.ts'
import { hasMariadb, Mariadb } from '../support/mariadb.ts'
import { CHAT } from '../support/open-stream.ts'
import { INSTALLED, ServiceHost } from '../support/service-host.ts'
import { mayMount } from '../support/systemd.ts'

const KEY = 'sk-good-0123456789abcdef'

describe.runIf(mayMount)('a service that root installed', () => {
  let mock: Mock
  let host: ServiceHost
  let socket: ListeningSocket
  let service: Program
  let token: string

  beforeAll(async () => {
    mock = await startMock()
    host = await ServiceHost.create()
    socket = await listeningSocket('127.0.0.1')
  })
  afterAll(async () => {
    await host.remove()
    socket.close()
    await mock.close()
  })

  it('has files that only those may read who must, and says what to do where systemd does not run', async () => {
    const { stderr } = await host.balance([
      ...['service', 'install', '--listen', `127.0.0.1:${socket.port}`],
    ])
    expect(stderr).toContain('systemctl restart balance.service')
    expect(await host.owners('/etc/balance')).toEqual([
      'root 600 /etc/balance/master-key',
      'root 644 /etc/balance/balance.config.yaml',
      'root 755 /etc/balance',
    ])
    expect(await host.owners('/var/lib/balance')).toEqual(['balance 700 /var/lib/balance'])
  })

  it('has a store that commands of root furnish before it runs, and that is its own', async () => {
    await host.balance(['providers', 'add', 'mock', '--base-url', mock.url])
    await host.balance(['keys', 'add', 'mock'], KEY)
    const made = await host.json<{ token: string }>(['tokens', 'create', 'laptop'])
    token = made.token
    const owners = await host.owners('/var/lib/balance')
    expect(owners.length).toBeGreaterThan(2)
    for (const line of owners) expect(line).toMatch(/^balance [67]00 /)
  })

  it('serves with the key that root added, on the socket of its unit', async () => {
    service = await host.startService(socket)
    const { status, text } = await ask(socket.port, { ...CHAT, token })
    expect(status, text).toBe(200)
  })

  it('is found by a shell of root, which knows nothing of its folders', async () => {
    const found = await host.json<DaemonStatus>(['status'])
    expect(found).toMatchObject({
      running: true,
      url: `http://127.0.0.1:${socket.port}`,
      store: 'sqlite:/var/lib/balance/balance.db',
      config_file: '/etc/balance/balance.config.yaml',
    })
    expect(found.providers[0]?.keys.active).toBe(1)
    await host.balance(['reload'])
    const { stderr } = await host.balance(['keys', 'add', 'mock'], 'sk-other-0123456789abcdef')
    expect(stderr).toContain('in force (revision')
  })

  it('writes what root has written, and root what it has', async () => {
    await host.balance(['stop'])
    expect(await service.ended).toMatchObject({ code: 0 })
    await host.balance(['config', 'set', 'max_retries', '2'])
    for (const line of await host.owners('/var/lib/balance')) expect(line).toMatch(/^balance /)
    service = await host.startService(socket)
    expect((await ask(socket.port, { ...CHAT, token })).status).toBe(200)
    const { revision, running } = await host.json<DaemonStatus>(['status'])
    expect(running).toBe(true)
    await host.balance(['config', 'set', 'max_retries', '3'])
    expect((await host.json<DaemonStatus>(['status'])).revision).toBe(revision + 1)
  })

  it('is installed again over itself, keeping the key, and taken away without the data', async () => {
    const before = await host.read('/etc/balance/master-key')
    const { stderr } = await host.balance(['service', 'install'])
    expect(stderr).toContain('kept /etc/balance/master-key')
    expect(await host.read('/etc/balance/master-key')).toBe(before)
    await host.balance(['service', 'uninstall'])
    expect(await host.read('/etc/systemd/system/balance.service')).toBe('')
    expect(await host.read('/etc/balance/master-key')).toBe(before)
    expect((await host.owners('/var/lib/balance')).length).toBeGreaterThan(2)
  })
})

describe.runIf(mayMount && hasMariadb)('a service whose store is on MySQL', () => {
  it('has its password from the file that the commands of root read', async () => {
    const [mock, host, socket, server] = await Promise.all([
      startMock(),
      ServiceHost.create(),
      listeningSocket('127.0.0.1'),
      Mariadb.start(),
    ])
    const database = `balance@127.0.0.1:${server.port}/${await server.database()}`
    // Spelled in one way by its owner, and in another by the daemon.
    const store = `mariadb://${database}`
    const install = [
      ...['service', 'install', '--store', store, '--listen', `127.0.0.1:${socket.port}`],
    ]
    expect((await host.balance(install)).stderr).toContain('the store is opened without a password')
    await host.write('/etc/balance/store-password', server.password, '600')
    await host.balance(['service', 'install'])
    await host.balance(['providers', 'add', 'mock', '--base-url', mock.url])
    await host.balance(['keys', 'add', 'mock'], KEY)
    const { token } = await host.json<{ token: string }>(['tokens', 'create', 'laptop'])
    await host.startService(socket)
    expect((await ask(socket.port, { ...CHAT, token })).status).toBe(200)
    const { running, store: served } = await host.json<DaemonStatus>(['status'])
    expect({ running, served }).toEqual({ running: true, served: `mysql://${database}` })
    await host.remove()
    socket.close()
    await Promise.all([mock.close(), server.stop()])
  })
})

describe.runIf(mayMount)('service install is refused', () => {
  let host: ServiceHost

  beforeAll(async () => {
    host = await ServiceHost.create()
  })
  afterAll(() => host.remove())

  it('to anybody but root, with both ways out', async () => {
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    const { code, stderr } = await host.run([...nobody, ...INSTALLED, 'service', 'install'])
    expect(code).toBe(4)
    expect(stderr).toContain('sudo node opt/balance/bin/balance.js service install, or with --user')
  })

  it('where the program is closed to the user that would start it', async () => {
    await host.run(['mkdir', '-m', '700', '/run/closed'])
    await host.run([
      'cp',
      '-r',
      '/opt/balance/bin',
      '/opt/balance/dist',
      '/opt/balance/VERSION',
      '/run/closed',
    ])
    const line = [INSTALLED[0], '/run/closed/bin/balance.js', 'service', 'install']
    const { code, stderr } = await host.run(line)
    expect(code, stderr).toBe(4)
    expect(stderr).toContain('/run/closed is closed to other users')
    expect(stderr).toContain('npm install -g')
    expect(await host.read('/etc/systemd/system/balance.service')).toBe('')
  })

  it('where the configuration that is there says otherwise, or too little', async () => {
    const config = '/etc/balance/balance.config.yaml'
    const write = (text: string) => host.write(config, text, '644')
    const install = (...args: string[]) => host.run([...INSTALLED, 'service', 'install', ...args])
    await write('listen: 127.0.0.1:9000\n')
    expect(await install()).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('names no store'),
    })
    await write('listen: 127.0.0.1:9000\nstore: sqlite:/var/lib/balance/balance.db\n')
    expect(await install('--listen', '127.0.0.1:9001')).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('says listen: 127.0.0.1:9000, not 127.0.0.1:9001'),
    })
    expect((await install()).code).toBe(0)
    expect(await host.read('/etc/systemd/system/balance.socket')).toContain(
      'ListenStream=127.0.0.1:9000',
    )
  })

  it('where the store was sealed by a key of its own', async () => {
    await host.run(['sh', '-c', 'mv /etc/balance/master-key /var/lib/balance/master-key'])
    const { code, stderr } = await host.run([...INSTALLED, 'service', 'install'])
    expect(code).toBe(1)
    expect(stderr).toContain(
      'install -D -m 600 /var/lib/balance/master-key /etc/balance/master-key',
    )
  })
})
