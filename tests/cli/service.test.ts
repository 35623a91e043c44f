import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type {
  ServiceInstallShape,
  ServiceRemovalShape,
  ServiceStatusShape,
} from '../../src/cli/shapes/service.ts'
import { BINARY, type Ended, Program, World } from '../support/daemon.ts'

const ROOT = process.getuid?.() === 0

let world: World
let image: string

beforeEach(() => {
  world = new World()
  image = join(world.root, 'image')
  mkdirSync(image)
})
afterEach(() => world.remove())

/** Runs it without the folder that commands are given elsewhere in tests. */
function balance(...args: readonly string[]): Promise<Ended> {
  return new Program([process.execPath, BINARY, ...args], world.cwd, world.env).ended
}

async function json<T>(...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await balance(...args, '--json')
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout) as T
}

describe('service install --print', () => {
  it('shows all files with their content, and writes none', async () => {
    const { files, ...rest } = await json<ServiceInstallShape>(
      'service',
      'install',
      '--print',
      '--root',
      image,
      '--listen',
      '127.0.0.1:9000',
    )
    expect(rest).toEqual({
      scope: 'system',
      listen: '127.0.0.1:9000',
      store: 'sqlite:/var/lib/balance/balance.db',
      started: false,
    })
    expect(files.map(({ path, written }) => [path, written])).toEqual(
      [
        '/etc/sysusers.d/balance.conf',
        '/etc/balance/master-key',
        '/etc/balance/balance.config.yaml',
        '/etc/systemd/system/balance.socket',
        '/etc/systemd/system/balance.service',
      ].map(path => [path, false]),
    )
    const [, key, config, socket, service] = files.map(({ content }) => content)
    expect(key).toBeNull()
    expect(config).toContain('listen: "127.0.0.1:9000"')
    expect(socket).toContain('ListenStream=127.0.0.1:9000')
    expect(service).toContain(`ExecStart=${process.execPath} ${BINARY} serve`)
    expect(readdirSync(image)).toEqual([])
  })

  it('shows a unit of MySQL, and of a store in another folder, that fit', async () => {
    const unit = async (store: string) => {
      const { files } = await json<ServiceInstallShape>(
        'service',
        'install',
        '--print',
        '--root',
        image,
        '--store',
        store,
      )
      return files.at(-1)?.content
    }
    mkdirSync(join(image, 'etc/balance'), { recursive: true })
    writeFileSync(join(image, 'etc/balance/store-password'), 'x', { mode: 0o600 })
    expect(await unit('mysql://balance@db.example/balance')).toContain(
      'LoadCredential=balance-store-password:/etc/balance/store-password',
    )
    expect(await unit('sqlite:/srv/balance/b.db')).toContain('ReadWritePaths=/srv/balance')
  })

  it.each(['gateway.example:80', '127.0.0.1:0'])('refuses to listen on %s', async address => {
    const args = ['service', 'install', '--print', '--root', image, '--listen', address]
    const { code, stderr } = await balance(...args)
    expect(code).toBe(78)
    expect(stderr).toContain(`A service cannot listen on ${address}`)
  })
})

describe.runIf(ROOT)('service install --root', () => {
  it('writes an image, and status and uninstall are of it', async () => {
    const at = (path: string) => join(image, path)
    const there = ['--root', image]
    expect((await balance('service', 'status', ...there)).code).toBe(3)
    const { files, started } = await json<ServiceInstallShape>('service', 'install', ...there)
    expect(started).toBe(false)
    for (const { path, written } of files) {
      expect(written).toBe(true)
      expect(existsSync(at(path)), path).toBe(true)
    }
    const passwd = readFileSync(at('etc/passwd'), 'utf8')
    const [, , uid] = (/^balance:.*$/m.exec(passwd)?.[0] ?? '').split(':')
    expect(statSync(at('var/lib/balance')).uid).toBe(Number(uid))
    expect(statSync(at('etc/balance/master-key'))).toMatchObject({ uid: 0, mode: 0o100600 })
    const status = ['service', 'status', ...there]
    expect(await json<ServiceStatusShape>(...status)).toMatchObject({
      units: files.slice(-2).map(({ path }) => path),
      current: true,
      state: null,
    })
    writeFileSync(at('etc/systemd/system/balance.service'), '[Service]\n')
    expect(await json<ServiceStatusShape>(...status)).toMatchObject({ current: false })
    const removal = await json<ServiceRemovalShape>('service', 'uninstall', ...there)
    expect(removal.left).toEqual(['/etc/balance', '/var/lib/balance'])
    for (const path of removal.removed) expect(existsSync(at(path))).toBe(false)
    for (const path of removal.left) expect(existsSync(at(path))).toBe(true)
    expect((await balance('service', 'uninstall', ...there)).code).toBe(3)
  })
})

describe('service install --user', () => {
  it('writes units and a configuration of the user alone', async () => {
    const { files, store } = await json<ServiceInstallShape>(
      'service',
      'install',
      '--user',
      '--root',
      image,
    )
    expect(files.map(({ path }) => path)).toEqual([
      join(world.home, '.config/balance/balance.config.yaml'),
      join(world.home, '.config/systemd/user/balance.socket'),
      join(world.home, '.config/systemd/user/balance.service'),
    ])
    expect(store).toBe(`sqlite:${world.home}/.local/share/balance/balance.db`)
    const unit = readFileSync(join(image, files.at(-1)?.path ?? ''), 'utf8')
    expect(unit).not.toMatch(/^(User|LoadCredential|ProtectSystem|StateDirectory)=/m)
    expect(unit).toContain(`Environment=BALANCE_CONFIG=${files[0]?.path}`)
  })
})

it('a service takes no folder from the command line', async () => {
  const { code, stderr } = await world.balance(['service', 'status'])
  expect(code).toBe(2)
  expect(stderr).toContain('takes no --config or --data-dir')
})
