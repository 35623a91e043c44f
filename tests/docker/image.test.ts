import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Engines, hasEngines } from '../support/engine.ts'
import { canMount } from '../support/small-disk.ts'
import { Container, type ContainerOptions } from './container.ts'
import { Image } from './image.ts'

const checkout = fileURLToPath(new URL('../..', import.meta.url))
const TOKEN = 'a-first-token-of-0123456789abcdef'

const engines = new Engines()
const folder = mkdtempSync(join(tmpdir(), 'bal-docker-'))
const containers: Container[] = []
let image: Image

const canBuild = canMount && hasEngines

beforeAll(async () => {
  if (canBuild) image = await Image.build(checkout, await engines.local(24, 11))
})
afterEach(async () => {
  for (const container of containers.splice(0)) await container.remove()
})
afterAll(() => {
  image?.remove()
  engines.remove()
  rmSync(folder, { recursive: true })
})

async function start(options: ContainerOptions = {}): Promise<Container> {
  const container = await Container.start(image, options)
  containers.push(container)
  return container
}

function secret(name: string, text: string, mode: number, owner: number): string {
  const path = join(folder, name)
  writeFileSync(path, `${text}\n`)
  chmodSync(path, mode)
  chownSync(path, owner, owner)
  return path
}

/** What compose.yaml gives the container. */
function secrets(mode: number, owner: number): ContainerOptions {
  const masterKey = Buffer.alloc(32, 7).toString('base64')
  return {
    env: {
      BALANCE_MASTER_KEY_FILE: '/run/secrets/master-key',
      BALANCE_BOOTSTRAP_TOKEN_FILE: '/run/secrets/first-token',
    },
    mounts: {
      '/run/secrets/master-key': secret('master-key', masterKey, mode, owner),
      '/run/secrets/first-token': secret('first-token', TOKEN, mode, owner),
    },
  }
}

const ask = (container: Container, path: string) =>
  fetch(`http://127.0.0.1:${container.port}${path}`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  })

describe.skipIf(!canBuild)('the image', () => {
  it('holds what its program needs, with better-sqlite3 for its Node, and no more', async () => {
    const { path } = image.stage.root
    const has = (name: string) =>
      statSync(join(path, name), { throwIfNoEntry: false }) !== undefined
    expect(has('app/node_modules/better-sqlite3/prebuilds/linux-arm64.node')).toBe(true)
    expect(has('app/node_modules/better-sqlite3/prebuilds/linux-x64.node')).toBe(true)
    for (const name of ['src', 'app/src', 'app/tests', 'app/node_modules/vitest', 'app/.ci']) {
      expect(has(name), name).toBe(false)
    }
    const { mode, uid, gid } = statSync(join(path, 'data'))
    expect([mode & 0o777, uid, gid]).toEqual([0o700, 1000, 1000])
    const { settings, stage } = image
    expect(stage.user).toBe('1000:1000')
    expect(stage.env.BALANCE_LISTEN).toBe('0.0.0.0:8077')
    expect(settings).toMatchObject({ volumes: ['/data'], stopSignal: 'SIGTERM' })
  })

  it.each([
    ["as an engine's, read by all", 0o444, 0],
    ["as the host's file of the same user", 0o600, 1000],
  ])('serves with its secrets %s, and keeps what it was told', async (_how, mode, owner) => {
    const container = await start(secrets(mode, owner))
    await container.healthy()
    expect(await container.exec(['balance', 'providers', 'add', 'openai'])).toMatchObject({
      code: 0,
    })
    const added = await container.exec(
      ['balance', 'keys', 'add', 'openai'],
      'sk-0123456789abcdef\n',
    )
    expect(added.stderr).toContain('added 1 key to openai')
    expect(added.stderr).toContain('in force')
    expect((await ask(container, '/openai/v1/nothing')).status).not.toBe(401)
    const { code, stderr } = await container.stop()
    expect(stderr).toContain('"stopped"')
    expect(code).toBe(0)
    expect(statSync(join(container.volume, 'balance.db')).uid).toBe(1000)
  })

  it('ends by SIGTERM as process 1 with workers, which end with it', async () => {
    const { env, mounts } = secrets(0o444, 0)
    const container = await start({
      env: { ...env, BALANCE_WORKERS: '2' },
      ...(mounts && { mounts }),
    })
    await container.healthy()
    const status = await container.exec(['balance', 'status', '--json'])
    expect(JSON.parse(status.stdout)).toMatchObject({ pid: 1, workers: [{}, {}] })
    expect((await container.exec(['cat', '/proc/1/cmdline'])).stdout).toMatch(/balance\0serve/)
    expect(await container.stop()).toMatchObject({ code: 0 })
  })

  it('serves as a user whom it does not know, and says who changed what', async () => {
    const container = await start({ ...secrets(0o444, 0), user: '54321:54321' })
    await container.healthy()
    const { code } = await container.exec(['balance', 'providers', 'add', 'openai'])
    expect(code).toBe(0)
    const log = await container.exec(['balance', 'config', 'log', '--json'])
    expect(log.stdout).toContain('"54321@')
  })

  it('refuses to serve without a token, in two lines', async () => {
    const container = await start()
    const { code, stderr } = await container.ended
    expect(code).toBe(78)
    expect(stderr).toMatch(/^error: Listening on 0\.0\.0\.0 needs a client token first/m)
  })

  it('cannot write but to its volume and /tmp', async () => {
    const container = await start(secrets(0o444, 0))
    await container.healthy()
    for (const path of ['/app/bin/x', '/etc/x', '/run/secrets/x', '/home/node/x']) {
      expect((await container.exec(['touch', path])).code, path).not.toBe(0)
    }
    expect((await container.exec(['touch', '/tmp/x', '/data/x'])).code).toBe(0)
  })
})
