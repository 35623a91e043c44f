import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BootstrapFlags, LoadedConfig } from '../../src/model/config.ts'
import { ConfigFolder } from '../support/config-folder.ts'
import { refusal } from '../support/refusal.ts'

let folder: ConfigFolder

beforeEach(() => {
  folder = new ConfigFolder()
})
afterEach(() => folder.remove())

/** Of each option: a flag, a variable and a file line, each with a value of its own. */
const OPTIONS: readonly {
  name: keyof LoadedConfig['origins']
  flag: [string, BootstrapFlags, unknown]
  variable: [string, string, unknown]
  line: [string, unknown]
  fallback: unknown
  read: (config: LoadedConfig) => unknown
}[] = [
  {
    name: 'host',
    flag: ['--host', { host: '::1' }, '::1'],
    variable: ['BALANCE_HOST', 'localhost', 'localhost'],
    line: ['listen: 10.1.2.3:9', '10.1.2.3'],
    fallback: '127.0.0.1',
    read: config => config.listen.host,
  },
  {
    name: 'port',
    flag: ['--port', { port: '1' }, 1],
    variable: ['BALANCE_PORT', '2', 2],
    line: ['listen: "[::1]:3"', 3],
    fallback: 8077,
    read: config => config.listen.port,
  },
  {
    name: 'store',
    flag: ['--store', { store: 'sqlite:/a/f.db' }, 'sqlite:/a/f.db'],
    variable: ['BALANCE_STORE', 'mysql://u@h/db', 'mysql://u@h/db'],
    line: ['store: sqlite:/c/f.db', 'sqlite:/c/f.db'],
    fallback: /^sqlite:.*\/home\/\.local\/share\/balance\/balance\.db$/,
    read: config => config.store,
  },
  {
    name: 'data_dir',
    flag: ['--data-dir', { dataDir: '/a' }, '/a'],
    variable: ['BALANCE_DATA_DIR', '/b', '/b'],
    line: ['data_dir: /c', '/c'],
    fallback: /\/home\/\.local\/share\/balance$/,
    read: config => config.dataDir,
  },
  {
    name: 'workers',
    flag: ['--workers', { workers: '3' }, 3],
    variable: ['BALANCE_WORKERS', 'auto', 'auto'],
    line: ['workers: 2', 2],
    fallback: 1,
    read: config => config.workers,
  },
  {
    name: 'log_level',
    flag: ['--log-level', { logLevel: 'debug' }, 'debug'],
    variable: ['BALANCE_LOG_LEVEL', 'warn', 'warn'],
    line: ['log_level: error', 'error'],
    fallback: 'info',
    read: config => config.logLevel,
  },
  {
    name: 'drain',
    flag: ['--drain', { drain: '1s' }, 1_000],
    variable: ['BALANCE_DRAIN', '2s', 2_000],
    line: ['drain: 3s', 3_000],
    fallback: 30_000,
    read: config => config.drain,
  },
  {
    name: 'restart_drain',
    flag: ['--restart-drain', { restartDrain: '1s' }, 1_000],
    variable: ['BALANCE_RESTART_DRAIN', '2s', 2_000],
    line: ['restart_drain: 3s', 3_000],
    fallback: 5_000,
    read: config => config.restartDrain,
  },
]

describe.each(OPTIONS)('$name', ({ name, flag, variable, line, fallback, read }) => {
  it('is the flag, then the environment, then the file, then a default, and says which', () => {
    const path = folder.write('work/balance.config.yaml', `# first line\n${line[0]}\n`)
    const env = { [variable[0]]: variable[1] }
    const see = (config: LoadedConfig) => [read(config), config.origins[name]]
    expect(see(folder.load(flag[1], env))).toEqual([flag[2], `flag ${flag[0]}`])
    expect(see(folder.load({}, env))).toEqual([variable[2], `env ${variable[0]}`])
    expect(see(folder.load({}, { [variable[0]]: '' }))).toEqual([line[1], `file ${path}:2`])
    folder.write('work/balance.config.yaml', '')
    const [value, origin] = see(folder.load())
    expect(origin).toBe('default')
    if (fallback instanceof RegExp) expect(value).toMatch(fallback)
    else expect(value).toBe(fallback)
  })
})

describe('loadConfig', () => {
  it('needs neither a file nor an environment', () => {
    const config = folder.load()
    expect(config.file).toBeNull()
    expect(config.declared).toEqual({
      settings: {},
      providers: [],
      routes: [],
      tokens: [],
      proxies: [],
    })
  })

  it('takes host and port from BALANCE_LISTEN, each unless it has a variable of its own', () => {
    const env = { BALANCE_LISTEN: '[::1]:99', BALANCE_PORT: '7' }
    expect(folder.load({}, env).listen).toEqual({ host: '::1', port: 7 })
    expect(folder.load({}, env).origins.host).toBe('env BALANCE_LISTEN')
  })

  it('keeps data where the flag says, then the file, then systemd, then XDG', () => {
    const env = { STATE_DIRECTORY: '/var/lib/balance:/var/lib/other', XDG_DATA_HOME: '/data' }
    expect(folder.load({}, env)).toMatchObject({
      dataDir: '/var/lib/balance',
      store: 'sqlite:/var/lib/balance/balance.db',
    })
    expect(folder.load({}, { XDG_DATA_HOME: '/data' }).dataDir).toBe('/data/balance')
    expect(folder.load({}, { XDG_DATA_HOME: 'data' }).dataDir).toContain(folder.home)
    folder.write('work/balance.config.yaml', 'data_dir: mine')
    expect(folder.load({}, env).dataDir).toBe(`${folder.cwd}/mine`)
    expect(folder.load({ dataDir: 'x' }, env).dataDir).toBe(`${folder.cwd}/x`)
  })

  it('reads a relative path as relative to where it is written', () => {
    folder.write('etc/balance/balance.config.yaml', 'store: sqlite:./gate.db')
    expect(folder.load().store).toBe(`sqlite:${folder.etc}/balance/gate.db`)
    expect(folder.load({ store: 'sqlite:gate.db' }).store).toBe(`sqlite:${folder.cwd}/gate.db`)
    expect(folder.load({}, { BALANCE_STORE: 'sqlite:~/gate.db' }).store).toBe(
      `sqlite:${folder.home}/gate.db`,
    )
    expect(folder.load({ store: 'sqlite:///x.db' }).store).toBe('sqlite:/x.db')
  })

  it.each<[BootstrapFlags, NodeJS.ProcessEnv, RegExp]>([
    [{ port: '70000' }, {}, /^flag --port: /],
    [{ port: '' }, {}, /^flag --port: /],
    [{ port: '8o77' }, {}, /^flag --port: /],
    [{ host: 'http://x' }, {}, /^flag --host: /],
    [{ host: '' }, {}, /^flag --host: /],
    [{ workers: '0' }, {}, /number of workers/],
    [{ workers: 'many' }, {}, /number of workers/],
    [{ drain: '2h' }, {}, /^flag --drain: /],
    [{ drain: 'soon' }, {}, /^flag --drain: /],
    [{ logLevel: 'loud' }, {}, /^flag --log-level: /],
    [{ dataDir: '' }, {}, /^flag --data-dir: /],
    [{ store: 'postgres://x' }, {}, /^flag --store: /],
    [{}, { BALANCE_LISTEN: '8077' }, /^env BALANCE_LISTEN: /],
    [{}, { BALANCE_LISTEN: ':8077' }, /^env BALANCE_LISTEN: /],
    [{}, { BALANCE_LISTEN: '::1:8077' }, /^env BALANCE_LISTEN: /],
  ])('refuses %j %j', (flags, env, message) => {
    const error = refusal(() => folder.load(flags, env))
    expect([error.code, error.exit]).toEqual(['config_invalid', 78])
    expect(error.message).toMatch(message)
    expect(error.hint).not.toBeNull()
  })

  it('does not look at a wrong value that another one wins over', () => {
    expect(folder.load({ port: '5' }, { BALANCE_PORT: 'wrong' }).listen.port).toBe(5)
  })

  it('takes no password in a store URL, and does not repeat it', () => {
    for (const source of [
      () => folder.load({ store: 'mysql://u:hunter22@h/db' }),
      () => folder.load({}, { BALANCE_STORE: 'mysql://u:hunter22@h/db' }),
    ]) {
      const error = refusal(source)
      expect(error.hint).toContain('BALANCE_STORE_PASSWORD')
      expect(`${error.message}${error.hint}`).not.toContain('hunter22')
    }
  })

  it('is frozen throughout', () => {
    folder.write('work/balance.config.yaml', 'providers: { openai: { keys: [env:K] } }')
    const config = folder.load()
    const parts = [
      config,
      config.listen,
      config.origins,
      config.declared.providers,
      config.declared.providers[0],
      config.environment.references.variables,
    ]
    for (const part of parts) expect(Object.isFrozen(part)).toBe(true)
  })
})

describe('the environment', () => {
  it('gives secrets that no print can show', () => {
    const config = folder.load(
      {},
      {
        BALANCE_MASTER_KEY: 'master-secret-0123456789',
        BALANCE_STORE_PASSWORD: 'password-0123456789abc',
        BALANCE_BOOTSTRAP_TOKEN: 'bootstrap-0123456789abc',
        OPENAI_API_KEY: 'sk-proj-0123456789abc',
      },
    )
    const { masterKey, storePassword, bootstrapToken } = config.environment
    expect(masterKey.value?.reveal()).toBe('master-secret-0123456789')
    expect(storePassword?.read().reveal()).toBe('password-0123456789abc')
    expect(bootstrapToken?.read().reveal()).toBe('bootstrap-0123456789abc')
    const shown = inspect(config, { depth: null }) + JSON.stringify(config)
    for (const part of ['master-secret', 'password-0', 'bootstrap-0', 'sk-proj']) {
      expect(shown).not.toContain(part)
    }
  })

  it('gives secrets from files, read when they are needed', () => {
    const path = folder.write('token', 'bal_from_a_file_0123\n', 0o600)
    const env = { BALANCE_BOOTSTRAP_TOKEN_FILE: path, BALANCE_STORE_PASSWORD_FILE: '/nowhere' }
    const { bootstrapToken, storePassword } = folder.load({}, env).environment
    expect(bootstrapToken?.read().reveal()).toBe('bal_from_a_file_0123')
    const error = refusal(() => storePassword?.read())
    expect(error.code).toBe('config_invalid')
    expect(error.message).toContain('BALANCE_STORE_PASSWORD_FILE')
    folder.write('token', '\n')
    expect(refusal(() => bootstrapToken?.read()).message).toContain('is empty')
  })

  it('takes a secret once', () => {
    const env = { BALANCE_STORE_PASSWORD: 'a', BALANCE_STORE_PASSWORD_FILE: '/b' }
    expect(refusal(() => folder.load({}, env)).message).toMatch(/^Both BALANCE_STORE_PASSWORD and/)
  })

  it("lets references see everyone's variables but our own", () => {
    const env = { OPENAI_API_KEY: 'sk', BALANCE_MASTER_KEY: 'm', balance_x: 'y' }
    const { variables } = folder.load({}, env).environment.references
    expect({ ...variables }).toMatchObject({ OPENAI_API_KEY: 'sk', HOME: folder.home })
    expect(structuredClone(variables).OPENAI_API_KEY).toBe('sk')
    expect(Object.keys(variables).filter(name => /balance/i.test(name))).toEqual([])
  })

  it('lets references see the folders of systemd and of the file', () => {
    const env = { CREDENTIALS_DIRECTORY: '/run/credentials/balance' }
    expect(folder.load({}, env).environment.references.folders).toEqual([
      '/run/credentials/balance',
    ])
    folder.write('work/balance.config.yaml', '')
    expect(folder.load({}, env).environment.references.folders).toEqual([
      '/run/credentials/balance',
      folder.cwd,
    ])
  })

  it('looks for the master key in the places there are', () => {
    const env = { CREDENTIALS_DIRECTORY: '/run/c', BALANCE_MASTER_KEY_FILE: '/k' }
    expect(folder.load({ dataDir: '/d' }, env).environment.masterKey).toEqual({
      credentialsDirectory: '/run/c',
      file: '/k',
      value: null,
      etcFile: `${folder.etc}/balance/master-key`,
      dataDir: '/d',
    })
  })

  it('has the password of the store from its unit, else from the file that the unit has it from', () => {
    const password = (env: NodeJS.ProcessEnv = {}) =>
      folder.load({}, env).environment.storePassword?.read().reveal()
    expect(password()).toBeUndefined()
    folder.write('etc/balance/store-password', 'of the file\n', 0o600)
    expect(password()).toBe('of the file')
    folder.write('credentials/balance-store-password', 'of the unit\n', 0o600)
    expect(password({ CREDENTIALS_DIRECTORY: join(folder.root, 'credentials') })).toBe(
      'of the unit',
    )
    expect(password({ CREDENTIALS_DIRECTORY: '/nowhere' })).toBe('of the file')
    expect(password({ BALANCE_STORE_PASSWORD: 'of the variable' })).toBe('of the variable')
    folder.write('etc/balance/store-password', '')
    expect(() => password()).toThrow(/store-password is empty/)
  })

  it('knows where sockets belong', () => {
    const runtimeDir = (env: NodeJS.ProcessEnv) => folder.load({}, env).environment.runtimeDir
    expect(
      runtimeDir({ RUNTIME_DIRECTORY: '/run/balance:/x', XDG_RUNTIME_DIR: '/run/user/1' }),
    ).toBe('/run/balance')
    expect(runtimeDir({ XDG_RUNTIME_DIR: '/run/user/1' })).toBe('/run/user/1/balance')
    expect(runtimeDir({ XDG_RUNTIME_DIR: 'relative' })).toBeNull()
    expect(runtimeDir({})).toBeNull()
    expect(folder.load().environment.serviceDir).toBe('/run/balance')
  })
})
