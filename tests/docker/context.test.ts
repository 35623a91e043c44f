import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ignoredBy } from './context.ts'

const file = readFileSync(new URL('../../.dockerignore', import.meta.url), 'utf8')

describe('.dockerignore', () => {
  const isIgnored = ignoredBy(file)

  it.each([
    'src/cli/main.ts',
    'bin/balance.js',
    '.ci/release/main.js',
    'docs/docker.md',
    'VERSION',
    'package-lock.json',
  ])('lets %s into the build', path => expect(isIgnored(path)).toBe(false))

  it.each([
    'secrets/master-key',
    '.env',
    'balance.config.yaml',
    'data/balance.db',
    'node_modules/x/index.js',
    'dist/cli.js',
    'tests/floors.test.ts',
    'docs/reports/x.md',
    '.git/config',
  ])('keeps %s out of it', path => expect(isIgnored(path)).toBe(true))
})

it('the last rule that matches decides, also by a folder above', () => {
  const isIgnored = ignoredBy('# all\n*\n!a\n\na/b*\n!**/keep.md\n')
  expect(isIgnored('x')).toBe(true)
  expect(isIgnored('a/x')).toBe(false)
  expect(isIgnored('a/bc/x')).toBe(true)
  expect(isIgnored('a/bc/keep.md')).toBe(false)
  expect(isIgnored('keep.md')).toBe(false)
  expect(isIgnored('ab')).toBe(true)
})
