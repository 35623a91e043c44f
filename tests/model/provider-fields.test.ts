import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RESERVED_SEGMENTS } from '../../src/model/catalog.ts'
import { PRESETS, presetOf } from '../../src/model/presets.ts'
import { parseBaseUrl, parseProviderName } from '../../src/model/provider-fields.ts'
import { refusal } from '../support/refusal.ts'

describe('parseBaseUrl', () => {
  it.each([
    ['https://api.openai.com/v1', 'https://api.openai.com/v1'],
    ['https://api.openai.com/v1//', 'https://api.openai.com/v1'],
    [' http://localhost:11434/v1 ', 'http://localhost:11434/v1'],
    ['https://API.Example.com:443', 'https://api.example.com'],
    ['http://[::1]:8000', 'http://[::1]:8000'],
    ['https://open.bigmodel.cn/api/paas/v4', 'https://open.bigmodel.cn/api/paas/v4'],
  ])('takes %j', (given, expected) => {
    expect(parseBaseUrl(given)).toBe(expected)
  })

  it.each([
    '',
    'api.openai.com/v1',
    'localhost:11434',
    'ftp://x',
    'file:///etc/passwd',
    'https://',
    'https://a b/v1',
    'https://x/v1?key=1',
    'https://x/v1#a',
    'https://x/../v1',
    'https://x/%2e%2e/v1',
    'https://x\\y/v1',
    'https://user:secret-word@x/v1',
    'javascript:alert(1)',
  ])('refuses %j', given => {
    const error = refusal(() => parseBaseUrl(given))
    expect(error.code).toBe('invalid_value')
    expect(`${error.message} ${error.hint}`).not.toContain('secret-word')
  })

  it('says what to write where the scheme is missing', () => {
    expect(refusal(() => parseBaseUrl('api.x.com/v1')).hint).toBe('Write https://api.x.com/v1')
    expect(refusal(() => parseBaseUrl('localhost:8000')).hint).toBe('Write http://localhost:8000')
  })

  it('gives what it takes unchanged', () => {
    fc.assert(
      fc.property(fc.webUrl({ validSchemes: ['http', 'https'] }), given => {
        let once: string
        try {
          once = parseBaseUrl(given)
        } catch {
          return
        }
        expect(parseBaseUrl(once)).toBe(once)
        expect(new URL(once).origin).toBe(new URL(given).origin)
      }),
    )
  })
})

describe('parseProviderName', () => {
  it('takes names that fit into a path', () => {
    for (const name of ['openai', 'a', '0x', 'lab-1.eu_west'])
      expect(parseProviderName(name)).toBe(name)
  })

  it.each(['', 'Lab', '-a', 'a/b', 'a b', 'ä', 'x'.repeat(64)])('refuses %j', name => {
    expect(refusal(() => parseProviderName(name)).code).toBe('invalid_value')
  })

  it('refuses every segment that means something else', () => {
    for (const name of RESERVED_SEGMENTS) {
      expect(refusal(() => parseProviderName(name)).message).toContain('something else')
    }
  })
})

describe('presets', () => {
  it('are what a provider may be called and dialled', () => {
    for (const [name, { baseUrl, needsKey }] of Object.entries(PRESETS)) {
      expect(parseProviderName(name)).toBe(name)
      expect(parseBaseUrl(baseUrl)).toBe(baseUrl)
      expect(new URL(baseUrl).hostname === 'localhost').toBe(!needsKey)
    }
  })

  it('are found by their own names only', () => {
    expect(presetOf('groq')?.baseUrl).toBe('https://api.groq.com/openai/v1')
    expect(presetOf('toString')).toBeNull()
  })
})
