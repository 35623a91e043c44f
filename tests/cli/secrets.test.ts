import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SecretsShape } from '../../src/cli/shapes/secrets.ts'
import { CommandLine } from '../support/command-line.ts'
import { World } from '../support/daemon.ts'

const GIVEN = Buffer.alloc(32, 6).toString('base64')

let cli: CommandLine
let masterKey: string

beforeEach(async () => {
  cli = new CommandLine()
  masterKey = join(cli.folder, 'master-key')
  await cli.inProcess(['providers', 'add', 'openai'])
})
afterEach(() => {
  chmodSync(cli.folder, 0o700)
  cli.remove()
})

const addKeys = () => cli.run(['keys', 'add', 'openai'], 'sk-0123456789abcdef\nenv:KEY\n')
const status = () => cli.run(['secrets', 'status'])

async function addProxies(): Promise<void> {
  for (const [name, text] of [
    ['eu', 'http://me:planted-Proxy-passw0rd@eu.lan:1'],
    ['us', 'socks5://me:planted-Proxy-passw0rd@us.lan:1'],
    ['asia', 'http://asia.lan:1'],
    ['elsewhere', 'http://me:env:PROXY_PASSWORD@else.lan:1'],
  ] as const) {
    expect(await cli.run(['proxies', 'add', name], text)).toMatchObject({ code: 0 })
  }
}

describe('secrets status', () => {
  it('says where the master key is, and what it opens', async () => {
    expect((await cli.json<SecretsShape>(['secrets', 'status'])).master_key.state).toBe('none')
    await addKeys()
    expect(await cli.json<SecretsShape>(['secrets', 'status'])).toEqual({
      master_key: { state: 'right', source: masterKey, noted: masterKey, problem: null },
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      ...{ sealed: 1, references: 1, unopened: 0 },
      providers: [{ provider: 'openai', sealed: 1, references: 1, unopened: 0 }],
      proxies: { sealed: 0, references: 0, unopened: 0 },
    })
    const { code, stdout } = await status()
    expect(code).toBe(0)
    expect(stdout).toMatch(/^master key +right\nfound in +\//)
    expect(stdout).toMatch(/openai +1 +1 +0\n$/)
  })

  it('counts the passwords of proxies', async () => {
    await addKeys()
    await addProxies()
    expect(await cli.json<SecretsShape>(['secrets', 'status'])).toMatchObject({
      ...{ sealed: 3, references: 2, unopened: 0 },
      providers: [{ provider: 'openai', sealed: 1, references: 1, unopened: 0 }],
      proxies: { sealed: 2, references: 1, unopened: 0 },
    })
    expect((await status()).stdout).toMatch(/^passwords of proxies +2 sealed, 1 reference$/m)
    change(`update proxies set url = 'http://me@evil.lan:1' where name = 'eu'`)
    const { code, stdout, stderr } = await status()
    expect(code).toBe(0)
    expect(stdout).toContain('2 sealed, of which 1 cannot be opened, 1 reference')
    expect(stderr).toContain('1 password of proxies cannot be opened')
    expect(stderr).toContain('balance proxies set NAME --password')
    expect(stderr).not.toContain('1 key')
    const refused = await cli.run(['secrets', 'rotate'])
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('never will be') })
    const rotated = await cli.run(['secrets', 'rotate', '--yes'])
    expect(rotated.stderr).toContain('sealed 2 secrets anew')
    expect(await cli.json<SecretsShape>(['secrets', 'status'])).toMatchObject({
      proxies: { sealed: 2, references: 1, unopened: 1 },
    })
  })

  it('works without the master key, and exits 1', async () => {
    await addKeys()
    rmSync(masterKey)
    const missing = await status()
    expect(missing).toMatchObject({ code: 1 })
    expect(missing.stdout).toMatch(/master key +missing/)
    expect(missing.stdout).toMatch(/openai +1 +1 +1\n$/)
    expect(missing.stderr).toContain(`is not found. Looked in: `)
    writeFileSync(masterKey, GIVEN, { mode: 0o600 })
    const wrong = await status()
    expect(wrong).toMatchObject({ code: 1, stdout: expect.stringContaining('wrong') })
    expect(wrong.stderr).toContain(`The master key in ${masterKey} is not the one`)
    chmodSync(masterKey, 0o644)
    const unsafe = await status()
    expect(unsafe).toMatchObject({ code: 1, stdout: expect.stringContaining('unsafe') })
    expect(unsafe.stderr).toContain('chmod 600')
  })
})

describe('secrets rotate', () => {
  it('says what it did, and shows no key', async () => {
    await addKeys()
    const before = readFileSync(masterKey, 'utf8')
    const rotated = await cli.run(['secrets', 'rotate'])
    const after = readFileSync(masterKey, 'utf8')
    expect(rotated).toEqual({
      code: 0,
      stdout: '',
      stderr: `sealed 1 secret anew; the master key is in ${masterKey}
Backups and exports from before need the old one, which is gone: make new ones.
saved; no daemon is running: balance serve
`,
    })
    expect(after).not.toBe(before)
    expect(await cli.json(['secrets', 'rotate', '--new-key-file', '-'], `${GIVEN}\n`)).toEqual({
      ...{ from: masterKey, to: masterKey, in_place: true, resealed: 1, unopened: 0 },
      erased: true,
    })
    expect(readFileSync(masterKey, 'utf8').trim()).toBe(GIVEN)
    expect((await status()).code).toBe(0)
  })

  describe('while a daemon serves', () => {
    let world: World

    beforeEach(async () => {
      world = new World()
      await world.furnish('http://127.0.0.1:9/v1', 'sk-0123456789abcdef', 'sk-fedcba9876543210')
      await world.serve()
    })
    afterEach(() => world.remove())

    const file = () => join(world.dataDir, 'balance.db')
    /** Which of these bytes are in the files of what operators wrote. */
    const found = (blobs: readonly Buffer[]) => {
      const files = [file(), `${file()}-wal`].map(path => readFileSync(path))
      return blobs.map(blob => files.some(bytes => bytes.includes(blob)))
    }
    const sealed = (db: Sqlite.Database) => [
      ...db.prepare<[], Buffer>('select sealed from provider_keys').pluck().all(),
      ...db.prepare<[], Buffer>('select wrapped from vault').pluck().all(),
    ]

    it('leaves nothing of what the old key opens in the files', async () => {
      const db = new Sqlite(file(), { readonly: true })
      const before = sealed(db)
      db.close()
      expect(found(before)).toEqual([true, true, true])
      expect(await world.json(['secrets', 'rotate'])).toMatchObject({ resealed: 2, erased: true })
      expect(found(before)).toEqual([false, false, false])
    })

    it('says so where somebody who reads hinders that, and the next one makes up for it', async () => {
      const db = new Sqlite(file(), { readonly: true })
      db.exec('begin')
      const before = sealed(db)
      const hindered = await world.balance(['secrets', 'rotate'])
      expect(hindered).toMatchObject({ code: 0 })
      expect(hindered.stderr).toContain('is still in the store')
      expect(hindered.stderr).toContain('balance secrets rotate again')
      expect(found(before)).toEqual([true, true, true])
      db.exec('commit')
      db.close()
      expect(await world.json(['secrets', 'rotate'])).toMatchObject({ erased: true })
      expect(found(before)).toEqual([false, false, false])
    })
  })

  it.each([
    ['no key', 'nothing of the kind', 78, 'holds no master key'],
    ['the key that is there', '', 2, 'has already'],
  ])('refuses %s, and repeats nothing of it', async (_, text, code, words) => {
    await addKeys()
    const before = readFileSync(masterKey, 'utf8')
    const given = text || before
    const refused = await cli.run(['secrets', 'rotate', '--new-key-file', '-'], given)
    expect(refused).toMatchObject({ code, stderr: expect.stringContaining(words) })
    expect(refused.stderr).not.toContain(given.trim())
    expect(readFileSync(masterKey, 'utf8')).toBe(before)
  })

  it('asks before it gives up keys that do not open', async () => {
    await addKeys()
    await cli.run(['providers', 'add', 'lab', '--base-url', 'http://127.0.0.1:1/v1'])
    await cli.run(['keys', 'add', 'lab'], 'sk-of-the-lab-0123456789')
    damage()
    expect((await status()).stderr).toContain('1 key cannot be opened')
    const refused = await cli.run(['secrets', 'rotate'])
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('never will be') })
    const { stderr } = await cli.run(['secrets', 'rotate', '--yes'])
    expect(stderr).toContain('sealed 1 secret anew')
  })

  it('has nothing to do where nothing was sealed', async () => {
    const refused = await cli.run(['secrets', 'rotate'])
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('Nothing was ever') })
  })
})

/** As a hand in the database would. */
function damage(): void {
  change(`update provider_keys set sealed = x'0102' where provider_id in
    (select id from providers where name = 'lab')`)
}

function change(sql: string): void {
  const db = new Sqlite(join(cli.folder, 'balance.db'))
  db.exec(sql)
  db.close()
}
