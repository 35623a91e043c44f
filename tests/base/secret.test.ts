import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createLogger } from '../../src/base/log.ts'
import { Redactor } from '../../src/base/redactor.ts'
import { mask, Secret } from '../../src/base/secret.ts'

const VALUE = 'sk-proj-abcdefghijklmnop-f3a9'

describe('Secret', () => {
  it('shows itself to nobody but who asks by name', () => {
    const secret = new Secret(VALUE)
    const seen = [
      String(secret),
      `${secret}`,
      [secret].join(),
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ secret }, { depth: 9 }),
      Object.values(secret).join(),
    ]
    for (const text of seen) expect(text).not.toContain('abcdefghijklmnop')
    expect(secret.reveal()).toBe(VALUE)
  })

  it('shows the vendor’s prefix and four characters, and nothing of short ones', () => {
    expect(mask(VALUE)).toBe('sk-…f3a9')
    expect(mask('AIzaSyA0123456789abcdef')).toBe('…cdef')
    expect(mask('fifteen-chars-x')).toBe('…')
  })
})

describe('the logger', () => {
  it('masks known secrets in whatever field they come, and errors too', () => {
    const redactor = new Redactor()
    redactor.add(VALUE)
    const lines: string[] = []
    const log = createLogger('debug', redactor, { write: line => lines.push(line) })
    log.info({ url: `https://x/?key=${VALUE}`, nested: { value: VALUE } }, `said ${VALUE}`)
    log.error({ err: new Error(`refused ${VALUE}`) })
    expect(lines).toHaveLength(2)
    for (const line of lines) {
      expect(line).not.toContain('abcdefghijklmnop')
      expect(JSON.parse(line)).toHaveProperty('level')
    }
  })

  it('is readable on a terminal', () => {
    const lines: string[] = []
    const log = createLogger('info', new Redactor(), {
      isTTY: true,
      write: line => lines.push(line),
    })
    log.info({ url: 'http://x', n: 3 }, 'listening')
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} info {2}listening url=http:\/\/x n=3\n$/)
  })
})
