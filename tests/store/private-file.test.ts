import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createPrivate } from '../../src/store/private-file.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bal-file-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('a private file', () => {
  it('is made with its content, for its owner alone', () => {
    const path = join(folder, 'secret')
    expect(createPrivate(path, 'content')).toBe(true)
    expect(readFileSync(path, 'utf8')).toBe('content')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['secret'])
  })

  it('that is there stays as it is, and nothing is written beside it', () => {
    const path = join(folder, 'secret')
    createPrivate(path, 'first')
    const before = statSync(folder, { bigint: true }).mtimeNs
    expect(createPrivate(path, 'second')).toBe(false)
    expect(readFileSync(path, 'utf8')).toBe('first')
    expect(statSync(folder, { bigint: true }).mtimeNs).toBe(before)
  })
})
