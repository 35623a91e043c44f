import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { parseStoreUrl } from '../../src/store/url.ts'

describe('store URL', () => {
  it.each([
    ['sqlite:/var/lib/balance/balance.db', '/var/lib/balance/balance.db'],
    ['sqlite:///var/lib/balance/balance.db', '/var/lib/balance/balance.db'],
    ['sqlite:here.db', `${process.cwd()}/here.db`],
  ])('%s is a file, with the log next to it', (url, file) => {
    expect(parseStoreUrl(url, null)).toEqual({
      engine: 'sqlite',
      url: `sqlite:${file}`,
      file,
      logFile: file.replace('.db', '-log.db'),
    })
  })

  it.each([
    ['mysql://bal@db/balance', 'mysql://bal@db/balance', 3306],
    ['mariadb://bal@db:3307/balance', 'mysql://bal@db:3307/balance', 3307],
    ['mysql://bal@[::1]:3307/balance', 'mysql://bal@[::1]:3307/balance', 3307],
  ])('%s is a server', (url, shown, port) => {
    expect(parseStoreUrl(url, null)).toMatchObject({
      engine: 'mysql',
      url: shown,
      user: 'bal',
      database: 'balance',
      host: shown.includes('::1') ? '::1' : 'db',
      port,
      password: null,
      socket: null,
    })
  })

  it('never shows a password, and prefers its own to the given one', () => {
    const given = new Secret('given')
    const own = parseStoreUrl('mysql://bal:p%40ss%2F@db/balance', given)
    expect(own).toMatchObject({ url: 'mysql://bal@db/balance' })
    expect(own.engine === 'mysql' && own.password?.reveal()).toBe('p@ss/')
    const other = parseStoreUrl('mysql://bal@db/balance', given)
    expect(other.engine === 'mysql' && other.password?.reveal()).toBe('given')
  })

  it('takes a local socket', () => {
    expect(parseStoreUrl('mysql://bal@localhost/balance?socket=/run/my.sock', null)).toMatchObject({
      socket: '/run/my.sock',
      url: 'mysql://bal@localhost/balance?socket=/run/my.sock',
    })
  })

  it.each([
    '',
    'balance.db',
    'postgres://secretpass@db/x',
    'sqlite:',
    'sqlite::memory:',
    'mysql:bal@db/x',
    'mysql://db/balance',
    'mysql://bal:secretpass@db',
    'mysql://bal:secretpass@db/a/b',
    'mysql://bal:secretpass@db:99999/balance',
    'mysql://bal:secretpass@db/balance?ssl=1',
    'mysql://bal:secretpass%zz@db/balance',
  ])('%j is refused, and not repeated', url => {
    let thrown: unknown
    try {
      parseStoreUrl(url, null)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({ code: 'config_invalid', exit: 78 })
    expect(String(thrown)).not.toContain('secretpass')
  })
})
