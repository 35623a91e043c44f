import { describe, expect, it } from 'vitest'
import type { ImportPlan } from '../../../src/model/moving/belongings.ts'
import { planOriginal } from '../../../src/model/moving/original.ts'
import { provider } from '../../support/catalog.ts'

type Rows = Readonly<Record<string, string | null>>

const ONE = 'sk-planted-0000000000000001'
const TWO = 'sk-planted-0000000000000002'
const TOKEN = 'tok-planted-000000000001'

function plan(rows: Rows, env: Readonly<Record<string, string>> = {}, weak = false): ImportPlan {
  return planOriginal({ rows: new Map(Object.entries(rows)), env }, [], weak)
}

/** The providers, with their secrets in clear. */
function providersOf({ belongings }: ImportPlan) {
  return belongings.providers.map(({ keys, modelsKey, ...others }) => ({
    ...others,
    keys: keys.map(({ value, tier }) => (tier ? `${value.reveal()} tier ${tier}` : value.reveal())),
    modelsKey: modelsKey?.reveal() ?? null,
  }))
}

function lineOf({ lines }: ImportPlan, setting: string) {
  return lines.filter(line => line.setting === setting)
}

describe('without PROVIDERS_CONFIG', () => {
  it('is one provider with all that belongs to it', () => {
    const planned = plan({
      API_KEYS: `["${ONE}", "${TWO}"]`,
      BASE_URL: 'https://api.deepseek.com/v1/',
      CUSTOM_HEADERS: '{"X-Team": "caf\\u00e9", "Content-Length": "3"}',
      TIME_OUT: '60',
      MAX_FAILURES: '5',
      MAX_RETRIES: '0',
      TEST_MODEL: 'deepseek-chat',
      MODEL_REQUEST_KEY: TWO,
    })
    expect(providersOf(planned)).toEqual([
      {
        name: 'default',
        kind: 'openai',
        baseUrl: 'https://api.deepseek.com/v1',
        path: null,
        enabled: true,
        overrides: {
          headers: { 'x-team': 'café' },
          timeout: 60_000,
          idle_timeout: 60_000,
          max_failures: 5,
          max_retries: 1,
          test_model: 'deepseek-chat',
        },
        keys: [ONE, TWO],
        modelsKey: TWO,
      },
    ])
    expect(planned.belongings.settings).toEqual({ default_provider: 'default' })
    expect(lineOf(planned, 'CUSTOM_HEADERS')[0]?.remark).toContain('Content-Length')
    expect(lineOf(planned, 'MAX_RETRIES')[0]?.remark).toContain('0 is out of bounds')
  })

  it('leaves what the original has by default to our defaults', () => {
    const planned = plan({
      API_KEYS: ONE,
      TIME_OUT: '300',
      MAX_FAILURES: '3.0',
      MAX_RETRIES: '3',
      TEST_MODEL: 'gpt-4o-mini',
      URL_NORMALIZATION_ENABLED: 'false',
      CHECK_INTERVAL_HOURS: '1.0',
      FILTERED_MODELS: '[]',
      AUTO_DELETE_REQUEST_LOGS_ENABLED: 'false',
    })
    expect(providersOf(planned)[0]?.overrides).toEqual({})
    expect(planned.belongings.settings).toEqual({ default_provider: 'default' })
  })

  it('leaves the default provider here alone, unless one is named there', () => {
    const here = [provider('lab', 'https://lab.example/v1')]
    const settings = (rows: Rows) =>
      planOriginal({ rows: new Map(Object.entries(rows)), env: {} }, here, false).belongings
        .settings
    expect(settings({ API_KEYS: ONE })).toEqual({})
    const item = { name: 'one', base_url: 'https://one.example', api_keys: [ONE] }
    const listed = { PROVIDERS_CONFIG: JSON.stringify([item]), DEFAULT_PROVIDER: 'one' }
    expect(settings(listed)).toEqual({ default_provider: 'one' })
  })

  it('adds a key for the list of models in the last tier', () => {
    const planned = plan({ API_KEYS: ONE, MODEL_REQUEST_KEY: TWO })
    expect(providersOf(planned)).toMatchObject([{ keys: [ONE, `${TWO} tier 100`], modelsKey: TWO }])
  })

  it('gives a long timeout room to the first byte', () => {
    const [only] = providersOf(plan({ API_KEYS: ONE, TIME_OUT: '600' }))
    expect(only?.overrides).toMatchObject({ timeout: 600_000, first_byte_timeout: 600_000 })
  })
})

describe('lists', () => {
  it.each([
    ['JSON', `["${ONE}", "${TWO}"]`],
    ['commas', `${ONE}, ${TWO}`],
    ['single quotes', `['${ONE}','${TWO}']`],
    ['JSON in JSON', JSON.stringify(`["${ONE}","${TWO}"]`)],
    ['escapes', `["\\u0073${ONE.slice(1)}","${TWO}","${ONE}"]`],
    ['lines', `${ONE}\n${TWO}\n`],
  ])('are read as %s', (_, text) => {
    expect(providersOf(plan({ API_KEYS: text }))[0]?.keys).toEqual([ONE, TWO])
  })

  it('tell of what is no key, and leave it out', () => {
    const planned = plan({ API_KEYS: `["your_api_key_1", "${ONE}", "zwei Wörter"]` })
    expect(providersOf(planned)[0]?.keys).toEqual([ONE])
    const left = lineOf(planned, 'API_KEYS').filter(line => line.outcome === 'not carried over')
    expect(left.map(({ remark }) => remark)).toEqual([
      expect.stringContaining('an example'),
      expect.stringContaining('blanks'),
    ])
  })

  it('take keys longer than the columns of the original', () => {
    const long = `sk-proj-${'x'.repeat(156)}`
    expect(providersOf(plan({ API_KEYS: `["${long}"]` }))[0]?.keys).toEqual([long])
  })
})

describe('database and environment', () => {
  const env = { api_keys: ONE, MAX_RETRIES: '7', MAX_FAILURES: '9', TIME_OUT: '20' }

  it('has the database say, where it says anything that can be read', () => {
    const planned = plan(
      { API_KEYS: 'None', MAX_RETRIES: '2', MAX_FAILURES: 'abc', TIME_OUT: '' },
      env,
    )
    expect(providersOf(planned)).toMatchObject([
      { keys: [ONE], overrides: { max_retries: 2, max_failures: 9, timeout: 20_000 } },
    ])
    expect(lineOf(planned, 'API_KEYS')[0]?.from).toBe('.env')
    expect(lineOf(planned, 'MAX_RETRIES')[0]?.from).toBe('database')
  })

  it('takes false and 0 for words of the database', () => {
    const planned = plan(
      { CHECK_INTERVAL_HOURS: '0', URL_NORMALIZATION_ENABLED: 'false' },
      { CHECK_INTERVAL_HOURS: '5', URL_NORMALIZATION_ENABLED: 'true' },
    )
    expect(planned.belongings.settings).toEqual({ check_interval: 0 })
  })

  it('tells of what cannot be read anywhere', () => {
    const planned = plan({ API_KEYS: ONE, MAX_FAILURES: 'abc' })
    expect(lineOf(planned, 'MAX_FAILURES')).toMatchObject([
      { outcome: 'not carried over', remark: 'it is no number' },
    ])
  })

  it('lists what cannot be carried over, without any value', () => {
    const planned = plan({
      '': 'on',
      PROXIES: '["http://me:planted@proxy:1"]',
      MYSQL_PASSWORD: 'planted',
      VERTEX_API_KEYS: '["planted"]',
      WHATEVER: 'planted',
      LOG_LEVEL: 'DEBUG',
    })
    const left = planned.lines.filter(({ outcome }) => outcome === 'not carried over')
    expect(left.map(({ setting }) => setting)).toEqual([
      '(no name)',
      'LOG_LEVEL',
      'VERTEX_API_KEYS',
      'WHATEVER',
    ])
    expect(JSON.stringify(planned)).not.toContain('planted')
  })

  it('takes its proxies along, and says which of them are none', () => {
    const planned = plan({ PROXIES: '["socks5://me:planted@proxy:1", "proxy:2", "http://b"]' })
    const { proxies = [] } = planned.belongings
    expect(proxies.map(({ url, password }) => [url, password?.reveal() ?? null])).toEqual([
      ['socks5://me@proxy:1', 'planted'],
      ['http://b:80', null],
    ])
    expect(lineOf(planned, 'PROXIES')).toMatchObject([
      { becomes: 'proxy socks5://me:…@proxy:1', outcome: 'imported' },
      { becomes: null, outcome: 'not carried over' },
      { becomes: 'proxy http://b:80', outcome: 'imported' },
    ])
    expect(JSON.stringify(planned)).not.toContain('planted')
  })
})

describe('PROVIDERS_CONFIG', () => {
  const item = (fields: object) => ({
    name: 'one',
    path: 'one',
    base_url: 'https://one.example/v1',
    api_keys: [ONE],
    ...fields,
  })
  const listed = (...items: unknown[]) => ({ PROVIDERS_CONFIG: JSON.stringify(items) })

  it('is its items, with every field', () => {
    const planned = plan({
      ...listed(
        item({
          path: 'uno',
          model_request_key: ONE,
          custom_headers: { 'X-A': 'b' },
          timeout: 60,
          max_failures: 4,
          max_retries: 6,
          test_model: 'm',
          tools_code_execution_enabled: true,
          enabled: true,
          colour: 'red',
        }),
        item({ name: 'two', path: 'two', base_url: 'https://two.example/v1', enabled: false }),
      ),
      DEFAULT_PROVIDER: 'one',
      MAX_RETRIES: '3',
    })
    expect(providersOf(planned)).toEqual([
      {
        name: 'one',
        kind: 'openai',
        baseUrl: 'https://one.example/v1',
        path: 'uno',
        enabled: true,
        overrides: {
          headers: { 'x-a': 'b' },
          timeout: 60_000,
          idle_timeout: 60_000,
          max_failures: 4,
          max_retries: 6,
          test_model: 'm',
        },
        keys: [ONE],
        modelsKey: ONE,
      },
      expect.objectContaining({ name: 'two', path: null, enabled: false, overrides: {} }),
    ])
    expect(planned.belongings.settings).toEqual({ default_provider: 'one' })
    const left = planned.lines.filter(({ outcome }) => outcome === 'not carried over')
    expect(left.map(({ setting }) => setting)).toEqual([
      'PROVIDERS_CONFIG one.colour',
      'PROVIDERS_CONFIG one.tools_code_execution_enabled',
    ])
  })

  it('gives names that mean something here, or are taken, another one', () => {
    const rows = listed(
      item({ name: 'v1', path: 'hf' }),
      item({ name: 'DeepSeek', path: 'openai', base_url: 'one.example' }),
      item({ name: '智谱', path: 'v1' }),
    )
    const source = { rows: new Map(Object.entries(rows)), env: {} }
    const here = provider('deepseek', 'https://other.example/v1')
    const planned = planOriginal(source, [here], false)
    expect(providersOf(planned).map(({ name, path, baseUrl }) => [name, path, baseUrl])).toEqual([
      ['v1-1', null, 'https://one.example/v1'],
      ['deepseek-1', 'openai', 'https://one.example'],
      ['provider', null, 'https://one.example/v1'],
    ])
    expect(lineOf(planned, 'PROVIDERS_CONFIG v1')[0]?.remark).toContain('so it is called v1-1')
    expect(lineOf(planned, 'PROVIDERS_CONFIG DeepSeek')[0]?.remark).toContain('it had no scheme')
  })

  it('keeps the keys of the variables in a disabled provider, unless a listed one has them', () => {
    const rows = { ...listed(item({})), API_KEYS: TWO, BASE_URL: 'https://one.example/v1' }
    expect(providersOf(plan(rows))).toMatchObject([
      { name: 'one', enabled: true },
      { name: 'default', enabled: false, keys: [TWO] },
    ])
    expect(providersOf(plan({ ...rows, API_KEYS: ONE }))).toHaveLength(1)
    expect(plan(rows).belongings.settings).toEqual({ default_provider: 'one' })
  })

  it('tells of items that the original passes over too', () => {
    const planned = plan({ ...listed('x', { name: 'y' }, item({})), DEFAULT_PROVIDER: 'gone' })
    expect(providersOf(planned)).toHaveLength(1)
    const left = planned.lines.filter(({ outcome }) => outcome === 'not carried over')
    expect(left.map(({ setting, remark }) => `${setting}: ${remark}`)).toEqual([
      'PROVIDERS_CONFIG item 1: it is no object',
      'PROVIDERS_CONFIG y: it has no base_url',
      'DEFAULT_PROVIDER: it names none of the providers in use',
    ])
  })

  it('disables the earlier of two with one name, as the later is in force there', () => {
    const rows = listed(item({}), item({ base_url: 'https://two.example/v1' }))
    expect(providersOf(plan(rows)).map(({ name, enabled }) => [name, enabled])).toEqual([
      ['one', true],
      ['one-1', false],
    ])
  })

  it('is nothing where it is no list, so that the variables hold', () => {
    const planned = plan({ PROVIDERS_CONFIG: '{broken', API_KEYS: ONE })
    expect(providersOf(planned)).toMatchObject([{ name: 'default', enabled: true, keys: [ONE] }])
    expect(lineOf(planned, 'PROVIDERS_CONFIG')).toMatchObject([{ outcome: 'not carried over' }])
  })
})

describe('tokens', () => {
  const rows = {
    ALLOWED_TOKENS: `["${TOKEN}", "sk-123456", "short-one"]`,
    AUTH_TOKEN: 'admin-planted-00001',
  }

  it('are clients, and the administrator', () => {
    const { tokens } = plan(rows).belongings
    expect(tokens.map(({ name, value }) => [name, value.reveal()])).toEqual([
      ['client-1', TOKEN],
      ['admin', 'admin-planted-00001'],
    ])
    expect(lineOf(plan(rows), 'ALLOWED_TOKENS').map(({ outcome }) => outcome)).toEqual([
      'imported',
      'not carried over',
      'not carried over',
    ])
  })

  it('may be weak where that is asked for, but never what no header can carry', () => {
    const { tokens } = plan({ ...rows, AUTH_TOKEN: 'zwei Wörter' }, {}, true).belongings
    expect(tokens.map(({ name }) => name)).toEqual(['client-1', 'client-2', 'client-3'])
  })

  it('are one where the administrator is a client', () => {
    const planned = plan({ ALLOWED_TOKENS: TOKEN, AUTH_TOKEN: TOKEN })
    expect(planned.belongings.tokens).toHaveLength(1)
    expect(lineOf(planned, 'AUTH_TOKEN')[0]?.remark).toContain('client token too')
  })
})

describe('settings', () => {
  it('are converted into ours', () => {
    const { settings } = plan({
      FILTERED_MODELS: '["gpt-3.5-turbo", "o1*"]',
      CHECK_INTERVAL_HOURS: '2',
      URL_NORMALIZATION_ENABLED: 'yes',
      AUTO_DELETE_ERROR_LOGS_DAYS: '30',
      AUTO_DELETE_REQUEST_LOGS_ENABLED: 'true',
      AUTO_DELETE_REQUEST_LOGS_DAYS: '7',
    }).belongings
    const day = 86_400_000
    expect(settings).toEqual({
      models: ['!gpt-3.5-turbo', '!o1*'],
      check_interval: 7_200_000,
      normalize_urls: true,
      error_max_age: 30 * day,
      log_max_age: 7 * day,
    })
  })

  it('are left out where the original has them switched off', () => {
    const planned = plan({ AUTO_DELETE_REQUEST_LOGS_DAYS: '7' })
    expect(planned.belongings.settings).toEqual({})
    expect(lineOf(planned, 'AUTO_DELETE_REQUEST_LOGS_DAYS')[0]?.remark).toContain('not in force')
  })
})

describe('gemini-balance', () => {
  it.each([
    ['as it is written', { BASE_URL: 'https://generativelanguage.googleapis.com/v1beta' }],
    ['as it is by default', { FAKE_STREAM_ENABLED: 'true' }],
  ])('has its address converted, %s', (_, rows) => {
    const planned = plan({ ...rows, API_KEYS: 'AIza-planted-00000000000000000000000000' })
    expect(providersOf(planned)[0]?.baseUrl).toBe(
      'https://generativelanguage.googleapis.com/v1beta/openai',
    )
  })
})
