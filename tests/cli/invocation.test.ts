import { describe, expect, it } from 'vitest'
import { invocationOf } from '../../src/cli/invocation.ts'

describe('invocationOf', () => {
  it.each([
    ['/usr/local/bin/balance', 'balance'],
    ['/home/a/.npm/_npx/25384ee8d5c645af/node_modules/.bin/balance', 'npx balance'],
    ['/home/a/project/node_modules/.bin/balance', 'npx balance'],
    ['/home/a/balance/bin/balance.js', 'node bin/balance.js'],
    ['/srv/balance/bin/balance.js', 'node ../../../srv/balance/bin/balance.js'],
  ])('%s → %s', (script, typed) => {
    expect(invocationOf(script, '/home/a/balance')).toBe(typed)
  })
})
