import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KeyStatus } from '../../src/model/status.ts'
import { type Daemon, World } from '../support/daemon.ts'
import { ask } from '../support/gateway.ts'
import { type Planted, plantKeys, plantMasterKey, plantTokens, Search } from './planted.ts'
import { startTelltale, TELLTALE_WAYS, type Telltale, WELL_SAID } from './telltale.ts'

const search = new Search()
const keys = plantKeys()
const [brought, symbols, fromFile, wrong] = plantTokens() as [Planted, Planted, Planted, Planted]
const masterKey = plantMasterKey()
const referred = keys[5] as Planted
const made: Planted[] = []

let world: World
let daemon: Daemon
let telltale: Telltale
let watch: NodeJS.Timeout
let answers = 0

beforeAll(async () => {
  search.plant(...keys, brought, symbols, fromFile, wrong, masterKey)
  telltale = await startTelltale()
  world = new World()
  // Outside of the data folder: it is searched.
  const file = (name: string, { value }: Planted) => {
    const path = join(world.root, name)
    writeFileSync(path, `${value}\n`, { mode: 0o600 })
    return path
  }
  world.env.BALANCE_MASTER_KEY_FILE = file('master', masterKey)
  world.env.BALANCE_BOOTSTRAP_TOKEN_FILE = file('bootstrap', fromFile)
  world.env.REFERRED_KEY = referred.value
  watch = setInterval(lookAtProcesses, 20)
  daemon = await world.serve('--log-level', 'trace')
})
afterAll(async () => {
  clearInterval(watch)
  await world.remove()
  await telltale.close()
})

/** What every user of the host can see of our processes, and what their owner can. */
function lookAtProcesses(): void {
  for (const pid of world.pids) {
    for (const name of ['cmdline', 'environ']) {
      try {
        search.look(`${name} of a process`, readFileSync(`/proc/${pid}/${name}`), [referred.name])
      } catch {
        // It has ended.
      }
    }
  }
}

/** Runs a command and searches all it prints. */
async function balance(args: readonly string[], stdin = '', allowed: string[] = []) {
  const ended = await world.balance(args, stdin)
  search.look(`balance ${args.join(' ')}`, ended.stdout + ended.stderr, allowed)
  return ended
}

async function renewProviders(): Promise<void> {
  for (const verb of ['disable', 'enable']) {
    for (const name of ['tell', 'claude', 'gem']) await balance(['providers', verb, name])
  }
}

async function keyIds(): Promise<string[]> {
  return (await world.json<KeyStatus[]>(['keys', 'list'])).map(({ id }) => id)
}

/** Asks the daemon and searches its answer. */
async function call(request: Parameters<typeof ask>[1]): Promise<number> {
  const { status, rawHeaders, text } = await ask(daemon.port, request)
  const where = `the ${status} to ${request.path} ${request.body}`
  search.look(where, `${rawHeaders.join('\n')}\n\n${text}`)
  answers++
  return status
}

function chat(model: string, stream: boolean): string {
  return JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'Hi' }] })
}

/** Sends bytes that need not be HTTP, and searches what comes back. */
function say(bytes: string): Promise<void> {
  return new Promise(resolve => {
    const socket = connect(daemon.port, '127.0.0.1', () => socket.write(bytes))
    socket.setTimeout(2_000, () => socket.destroy())
    socket.on('data', data => search.look('the answer to raw bytes', data))
    socket.on('error', () => {})
    socket.on('close', () => resolve())
  })
}

describe('thirty planted secrets', () => {
  it('are given in all the ways there are', async () => {
    const base = `http://127.0.0.1:${telltale.port}/v1`
    const add = (name: string, url: string, ...more: string[]) =>
      balance(['providers', 'add', name, '--base-url', url, ...more])
    await add('tell', base)
    await add('claude', base, '--kind', 'anthropic')
    await add('gem', base.replace('/v1', ''), '--kind', 'gemini')
    await add('tls', base.replace('http:', 'https:'))
    await add('refused', 'http://127.0.0.1:1/v1')
    await add('dns', 'http://no-such-host.invalid/v1')
    const lines = (some: readonly Planted[]) => some.map(({ value }) => value).join('\n')
    const clear = keys.filter(key => key !== referred)
    await balance(['keys', 'add', 'tell'], `${lines(clear)}\nenv:REFERRED_KEY\n`)
    for (const name of ['claude', 'gem', 'tls', 'refused', 'dns']) {
      await balance(['keys', 'add', name], lines(clear.slice(0, 3)))
    }
    await balance(['tokens', 'create', 'brought', '--stdin'], brought.value)
    await balance(['tokens', 'create', 'symbols', '--stdin'], symbols.value)
    for (const name of ['one', 'two', 'three', 'four', 'five']) {
      const { token } = await world.json<{ token: string }>(['tokens', 'create', name])
      made.push({ name: `token ${name}`, value: token })
    }
    search.plant(...made)
    expect(keys.length + made.length + 5).toBe(30)
  })

  it('are told by an upstream in every way it can fail', async () => {
    const tokens = [...made, brought, symbols, fromFile]
    let turn = 0
    const token = () => (tokens[turn++ % tokens.length] as Planted).value
    const statuses = new Set<number>()
    for (const way of TELLTALE_WAYS) {
      const model = `tell-${way}`
      for (const stream of [true, false]) {
        if (way === 'hang') continue
        const body = chat(model, stream)
        const paths = ['/v1/chat/completions', '/claude/v1/messages']
        if (!WELL_SAID.has(way)) paths.push('/v1/files')
        for (const path of paths) statuses.add(await call({ path, body, token: token() }))
        const verb = stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
        const path = `/gem/v1beta/models/${model}:${verb}`
        statuses.add(await call({ path, body: '{"contents":[]}', token: token() }))
        // Keys that are refused all together open the breaker of all models, which a reset of keys leaves.
        if (way === '401' || way === '403') await renewProviders()
      }
      await balance(['keys', 'reset', ...(await keyIds())])
    }
    for (const name of ['tls', 'refused', 'dns']) {
      const path = `/${name}/v1/chat/completions`
      expect(await call({ path, body: chat('m', false), token: token() })).toBe(502)
    }
    expect([...statuses]).toEqual(expect.arrayContaining([200, 400, 404, 502, 503]))
    expect([...telltale.keys].sort()).toEqual(keys.map(({ value }) => value).sort())
  }, 240_000)

  it('are presented by clients in every wrong way', async () => {
    const [one, two] = made as [Planted, Planted]
    for (const { value } of [one, symbols, wrong]) {
      const coded = encodeURIComponent(value)
      const body = chat('tell-ok', false)
      for (const path of [
        `/v1/chat/completions?key=${coded}`,
        `/v1/chat/completions?a=1&%6bey=${coded}&b=2`,
        `/nowhere/chat/completions?key=${coded}`,
        `/v1/../v1/models?key=${coded}`,
        `/v1/%2e%2e/models?key=${coded}`,
        `/gem/v1beta/models/tell-400:generateContent?key=${coded}`,
        `/v1/chat/completions?key=${coded}&key=${encodeURIComponent(wrong.value)}`,
      ]) {
        await call({ path, body, token: null })
      }
      const path = '/v1/chat/completions'
      for (const name of ['x-api-key', 'api-key', 'x-goog-api-key', 'authorization', 'cookie']) {
        await call({ path, body, token: null, headers: { [name]: value } })
      }
      await call({ path, body, token: value, headers: { 'x-api-key': two.value } })
      await call({ path, body: '{"model":"tell-ok",', token: value })
      await call({ path, body: '{"model":"a","model":"b"}', token: value })
      await say(`GET /v1/models HTTP/1.1\r\nauthorization: Bearer ${value}\r\nbad header\r\n\r\n`)
      await say(`GET /v1/models?key=${coded} HTTP/9.9\r\n\r\n`)
      await say(`${value}\r\n\r\n`)
    }
    const hanging = chat('tell-hang', true)
    const left = await daemon.stream(one.value, {}, hanging)
    left.leave()
    const cut = await daemon.stream(one.value, {}, hanging)
    const ids = await keyIds()
    await balance(['keys', 'disable', ...ids, '--now'])
    search.look('a stream cut off', `${JSON.stringify(cut.headers)} ${(await cut.over).text}`)
    await balance(['keys', 'enable', ...ids])
  })

  it('and those of the dashboard are used, rightly and wrongly', async () => {
    const password: Planted = { name: 'admin password', value: `Tr0ub4dor&3 ${masterKey.value}` }
    search.plant(password)
    await balance(['admin', 'password'], `${password.value}\n`)
    const login = (value: string) => ({
      ...{ path: '/admin/api/login', body: JSON.stringify({ password: value }), token: null },
      headers: { origin: daemon.url, 'x-balance-admin': '1' },
    })
    for (const value of [`${password.value}!`, brought.value]) {
      expect(await call(login(value))).toBe(401)
    }
    const { headers } = await ask(daemon.port, login(password.value))
    const [cookie = ''] = headers['set-cookie'] ?? []
    const [pair = ''] = cookie.split(';')
    const { url } = await world.json<{ url: string }>(['dashboard'])
    search.plant(
      { name: 'cookie', value: pair.split('=')[1] ?? '' },
      { name: 'link', value: new URL(url).searchParams.get('t') ?? '' },
    )
    const token = null
    for (const name of ['session', 'status', 'explain?path=/v1/chat/completions&model=x']) {
      const path = `/admin/api/${name}`
      expect(await call({ path, token, headers: { cookie: pair } })).toBe(200)
      await call({ path: `${path}&key=${brought.value}`, token, headers: { cookie: pair } })
    }
    for (let times = 0; times < 2; times++) {
      await call({ path: url.slice(daemon.url.length), token })
    }
    await balance(['admin', 'sessions', 'list', '--json'])
  })

  it('are got wrong by their owner', async () => {
    const [one, two] = keys as [Planted, Planted]
    const [first = '', second = ''] = await keyIds()
    await balance(['keys', 'add', 'tell'], `${one.value} ${two.value}\n`)
    await balance(['keys', 'add', 'tell'], `${one.value}\u0007\n`)
    await balance(['keys', 'add', 'nobody'], one.value)
    await balance(['keys', 'add', 'tell', '--from', '/nowhere'], one.value)
    await balance(['keys', 'set', first, '--secret'], `${one.value}\n${two.value}\n`)
    await balance(['tokens', 'create', 'spaced', '--stdin'], `${brought.value} ${symbols.value}`)
    await balance(['tokens', 'create', 'again', '--stdin'], brought.value)
    const file = join(world.cwd, 'balance.config.yaml')
    for (const text of [
      `providers:\n  tell:\n    base_url: http://127.0.0.1:1/v1\n    keys:\n      - ${one.value}\n`,
      `providers:\n  tell:\n    keys: [${one.value}\n`,
      `master_key: ${masterKey.value}\n`,
      `listen: "http://${one.value}@127.0.0.1:1"\n`,
    ]) {
      writeFileSync(file, text, { mode: 0o600 })
      await balance(['reload'])
      await balance(['config', 'validate'])
    }
    writeFileSync(file, '', { mode: 0o600 })
    await balance(['keys', 'remove', second, '--yes'])
    await balance(['providers', 'remove', 'dns', '--yes'])
  })

  it('are found nowhere', async () => {
    const backup = join(world.root, 'all.backup')
    for (const args of [
      ['status'],
      ['providers', 'list'],
      ['providers', 'show', 'tell'],
      ['keys', 'list'],
      ['keys', 'show', (await keyIds())[0] ?? ''],
      ['tokens', 'list'],
      ['tokens', 'show', 'one'],
      ['logs', 'list', '--limit', '10000'],
      ['logs', 'errors', '--limit', '10000'],
      ['logs', 'show', '1'],
      ['config', 'list', '--show-origin'],
      ['config', 'path'],
      ['secrets', 'status'],
      ['backup', backup, '--yes'],
      ['secrets', 'rotate'],
    ]) {
      expect(await balance(args), args.join(' ')).toMatchObject({ code: 0 })
      await balance([...args, '--json'])
    }
    const lookAtFiles = () => {
      for (const name of readdirSync(world.dataDir)) {
        if (!name.endsWith('.sock')) search.look(name, readFileSync(join(world.dataDir, name)))
      }
    }
    lookAtFiles()
    search.look('a backup', gunzipSync(readFileSync(backup)))
    for (const text of telltale.received) search.look('what the upstream got', text, keyNames)
    await daemon.stop()
    lookAtFiles()
    search.look("the daemon's output", daemon.program.stdout + daemon.stderr)
    console.log(`${answers} answers, ${Math.round(search.seen / 1_048_576)} MiB searched`)
    expect([...search.hits]).toEqual([])
    // It was said, and masked.
    const { stdout } = await balance(['logs', 'errors', '--limit', '10000', '--json'])
    expect(stdout).toContain('Incorrect API key provided: sk-…')
  })
})

const keyNames = keys.map(({ name }) => name)
