import { describe, expect, it } from 'vitest'
import { checkBaseUrl, originOf } from '../../src/store/base-url.ts'

function refusal(given: string): { code: string; message: string; hint: string } {
  try {
    checkBaseUrl(given)
  } catch (error) {
    return error as never
  }
  throw new Error(`${given} was taken`)
}

describe('base URL', () => {
  it.each([
    ['https://api.openai.com/v1', 'https://api.openai.com/v1'],
    ['https://api.openai.com/v1///', 'https://api.openai.com/v1'],
    ['https://api.anthropic.com/', 'https://api.anthropic.com'],
    [' HTTPS://API.Example.com:443/Api/V4 ', 'https://api.example.com/Api/V4'],
    ['http://127.0.0.1:11434/v1', 'http://127.0.0.1:11434/v1'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
  ])('%j is kept as %s', (given, kept) => {
    expect(checkBaseUrl(given)).toBe(kept)
    expect(checkBaseUrl(kept)).toBe(kept)
  })

  it.each([
    '',
    'api.openai.com/v1',
    'localhost:11434',
    'ftp://a.b',
    'file:///etc/passwd',
    'https://',
    'https://a b.c',
    'https://a.b\\c',
    'https://a.b/v1?key=1',
    'https://a.b/v1#x',
    'https://a.b/?',
    `https://a.b/${'x'.repeat(2_048)}`,
  ])('%j is refused', given => {
    expect(refusal(given)).toMatchObject({ code: 'invalid_value' })
  })

  it('without a scheme is answered with what was meant', () => {
    expect(refusal('api.openai.com/v1').hint).toBe('Did you mean https://api.openai.com/v1?')
  })

  it('with a credential is refused without repeating it', () => {
    const { message, hint } = refusal('https://sk-secret:x@a.b/v1')
    expect(message + hint).not.toContain('sk-secret')
    expect(hint).toContain('keys add')
  })

  it('has the origin its keys are bound to', () => {
    expect(originOf('https://api.openai.com/v1')).toBe('https://api.openai.com')
    expect(originOf('http://a.b:8080/v1')).toBe('http://a.b:8080')
  })
})
