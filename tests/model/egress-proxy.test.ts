import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  checkProxyName,
  parseProxyUrl,
  proxyAddress,
  shownProxyUrl,
} from '../../src/model/egress-proxy.ts'

describe('the URL of a proxy', () => {
  it.each([
    ['http://proxy.lan:3128', 'http://proxy.lan:3128', null],
    ['http://proxy.lan', 'http://proxy.lan:80', null],
    ['https://proxy.lan', 'https://proxy.lan:443', null],
    ['https://proxy.lan:80/', 'https://proxy.lan:80', null],
    ['socks5://proxy.lan', 'socks5://proxy.lan:1080', null],
    ['SOCKS5H://me:s%40cret@proxy.lan:1', 'socks5://me@proxy.lan:1', 's@cret'],
    ['http://[::1]:8080', 'http://[::1]:8080', null],
    ['http://me:@proxy.lan', 'http://me@proxy.lan:80', null],
  ])('%s', (given, url, password) => {
    const read = parseProxyUrl(given)
    expect([read.url, read.password?.reveal() ?? null]).toEqual([url, password])
  })

  it.each([
    'proxy.lan:3128',
    'ftp://proxy.lan',
    'http://',
    'http://proxy.lan/path',
    'http://proxy.lan?x',
    'http://proxy.lan:99999',
    'http://a b.lan',
    'http://:secret-word@proxy.lan',
    'http://me:%ZZ@proxy.lan',
    `http://me:${'p'.repeat(256)}@proxy.lan`,
    'http://me:a%0Ab@proxy.lan',
  ])('not %j, and what was given is not repeated', given => {
    expect(() => parseProxyUrl(given)).toThrow(/proxy|password/)
    try {
      parseProxyUrl(given)
    } catch (error) {
      expect(String(error)).not.toContain('secret-word')
    }
  })

  it('is read again as it is kept, whatever the user is called', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }),
        fc.nat(65_534),
        (user, port) => {
          const given = `socks5://${encodeURIComponent(user)}:x@host.lan:${port + 1}`
          const { url } = parseProxyUrl(given)
          expect(parseProxyUrl(url).url).toBe(url)
          expect(proxyAddress(url)).toEqual({
            ...{ scheme: 'socks5', host: 'host.lan', port: port + 1 },
            user: user,
          })
        },
      ),
    )
  })

  it('is shown with a mark in the place of its password', () => {
    const url = 'socks5://me@host.lan:1080'
    expect(shownProxyUrl({ url, protected: true })).toBe('socks5://me:…@host.lan:1080')
    expect(shownProxyUrl({ url, protected: false })).toBe(url)
  })
})

describe('the name of a proxy', () => {
  it.each(['a', 'eu-1', '1.b_c'])('%s', name => expect(() => checkProxyName(name)).not.toThrow())
  it.each(['', 'all', 'none', 'A', '-a', 'a b', 'x'.repeat(64)])('not %j', name => {
    expect(() => checkProxyName(name)).toThrow('cannot name a proxy')
  })
})
