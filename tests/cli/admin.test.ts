import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isPassword } from '../../src/control/admin/password.ts'
import { openStore } from '../../src/store/open.ts'
import { CommandLine } from '../support/command-line.ts'
import { eventually, World } from '../support/daemon.ts'
import { storeOptions } from '../support/store.ts'
import { hasTerminal, terminal } from './terminal.ts'

const GOOD = 'correct horse battery'

describe('balance admin', () => {
  let cli: CommandLine
  beforeEach(() => {
    cli = new CommandLine()
  })
  afterEach(() => cli.remove())

  /** Whether this is the password that the store has. */
  async function isSet(password: string): Promise<boolean> {
    const store = await openStore(storeOptions(cli.folder))
    try {
      return await isPassword(password, await store.adminPassword())
    } finally {
      await store.close()
    }
  }

  it.each([
    ['stdin', ['admin', 'password']],
    ['stdin, as it is told', ['admin', 'password', '--stdin']],
  ])('takes a password from %s', async (_, words) => {
    const { code, stdout, stderr } = await cli.run(words, `${GOOD}\n`)
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toContain('the password is set')
    expect(stderr).not.toContain(GOOD)
    expect(await isSet(GOOD)).toBe(true)
  })

  it.each([
    ['nothing', '', 'usage', 2],
    ['two lines', `${GOOD}\n${GOOD}\n`, 'usage', 2],
    ['a short one', 'abc\n', 'invalid_value', 2],
    ['one that everybody knows', 'password1234\n', 'invalid_value', 2],
  ])('takes not %s, and repeats nothing of it', async (_, stdin, wanted, exit) => {
    await cli.run(['admin', 'password'], `${GOOD}\n`)
    const { code, stderr } = await cli.run(['admin', 'password', '--json'], stdin)
    expect([code, JSON.parse(stderr).error.code]).toEqual([exit, wanted])
    for (const line of stdin.split('\n')) if (line) expect(stderr).not.toContain(line)
    expect(await isSet(GOOD)).toBe(true)
  })

  it('takes no password as an argument, nor says it again', async () => {
    const { code, stderr } = await cli.inProcess(['admin', 'password', GOOD])
    expect(code).toBe(2)
    expect(stderr).toContain('never taken as an argument')
    expect(stderr).not.toContain(GOOD)
    expect(await isSet(GOOD)).toBe(false)
    const { stdout } = await cli.inProcess(['config', 'log'])
    expect(stdout).not.toContain(GOOD)
  })

  it('removes the password, once it was asked', async () => {
    await cli.run(['admin', 'password'], `${GOOD}\n`)
    expect((await cli.run(['admin', 'password', 'remove'])).code).toBe(2)
    expect(await isSet(GOOD)).toBe(true)
    expect(await cli.json(['admin', 'password', 'remove', '--yes'])).toEqual({ password: null })
    expect(await isSet(GOOD)).toBe(false)
    expect((await cli.run(['admin', 'password', 'remove', '--yes'])).code).toBe(3)
  })

  it('lists sessions and ends them', async () => {
    const store = await openStore(storeOptions(cli.folder))
    const open = (hash: string) =>
      store.openAdminSession({
        hash: hash.repeat(64),
        peer: '10.0.0.7',
        by: 'link',
        replaces: null,
      })
    const [one, two, three] = [await open('a'), await open('b'), await open('c')]
    await store.close()
    const listed = await cli.json<{ id: string }[]>(['admin', 'sessions', 'list'])
    expect(listed).toHaveLength(3)
    expect(listed[0]).toEqual({
      id: one.id,
      created: new Date(one.createdAt).toISOString(),
      seen: new Date(one.seenAt).toISOString(),
      expires: new Date(one.expiresAt).toISOString(),
      peer: '10.0.0.7',
    })
    const { stdout } = await cli.run(['admin', 'sessions', 'list'])
    expect(stdout).toMatch(/^ID +FROM +SINCE +SEEN +UNTIL\n/)
    expect((await cli.run(['admin', 'sessions', 'revoke'])).code).toBe(2)
    expect((await cli.run(['admin', 'sessions', 'revoke', one.id, '--all'])).code).toBe(2)
    expect((await cli.run(['admin', 'sessions', 'revoke', 's_nobody'])).code).toBe(3)
    expect(await cli.json(['admin', 'sessions', 'revoke', two.id])).toEqual({ revoked: [two.id] })
    const all = await cli.json<{ revoked: string[] }>(['admin', 'sessions', 'revoke', '--all'])
    expect(all.revoked.sort()).toEqual([one.id, three.id].sort())
    expect(await cli.json(['admin', 'sessions', 'list'])).toEqual([])
  })

  it.skipIf(!hasTerminal)('asks for the password twice, and shows it never', async () => {
    const asked = (second: string) =>
      terminal(cli.folder, 'admin password', {
        answers: [
          ['New password:', `${GOOD}\r`],
          ['The same again:', `${second}\r`],
        ],
      })
    const differing = await asked('another horse battery')
    expect(differing).toMatchObject({ code: 2, screen: expect.stringContaining('not the same') })
    expect(await isSet(GOOD)).toBe(false)
    const set = await asked(GOOD)
    expect(set).toMatchObject({ code: 0, screen: expect.stringContaining('the password is set') })
    expect(set.screen).not.toContain('horse')
    expect(await isSet(GOOD)).toBe(true)
  })
})

describe('balance dashboard', () => {
  let world: World
  beforeEach(() => {
    world = new World()
  })
  afterEach(() => world.remove())

  it('needs a daemon', async () => {
    const { code, stderr } = await world.balance(['dashboard'])
    expect([code, stderr]).toEqual([69, expect.stringContaining('balance serve')])
  })

  it('gives a browser the link by a page of its own, never by an argument', async () => {
    await world.serve()
    const tools = join(world.root, 'tools')
    mkdirSync(tools)
    const heard = join(world.root, 'heard')
    writeFileSync(join(tools, 'xdg-open'), `#!/bin/sh\nprintf '%s\\n' "$@" > ${heard}\n`)
    chmodSync(join(tools, 'xdg-open'), 0o755)
    world.env.PATH = `${tools}:${world.env.PATH}`
    expect((await world.balance(['dashboard'])).stdout).toContain('/admin/link?t=')
    expect(existsSync(heard)).toBe(false)

    world.env.DISPLAY = ':9'
    const { code, stdout, stderr } = await world.balance(['dashboard'])
    expect([code, stdout]).toEqual([0, ''])
    const [, link = ''] = /(http:\S+)/.exec(stderr) ?? []
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/admin\/link\?t=[\w-]{43}$/)
    await eventually(() => existsSync(heard) && readFileSync(heard, 'utf8') !== '', 'a browser')
    const [page = ''] = readFileSync(heard, 'utf8').split('\n')
    expect(page).toMatch(/^file:\/\/.*\/dashboard\.html$/)
    const path = fileURLToPath(page)
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600')
    expect(readFileSync(path, 'utf8')).toContain(`url=${link}"`)
    expect((await world.balance(['dashboard', '--print'])).stdout).toContain('/admin/link?t=')
  })
})
