import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { unpacked } from '../../src/wire/coding.ts'

const TEXT = Buffer.from(`{"error":{"message":"${'no '.repeat(500)}"}}`)

it.each([
  ['gzip', gzipSync(TEXT)],
  ['x-gzip', gzipSync(TEXT)],
  [' GZip ', gzipSync(TEXT)],
  ['deflate', deflateSync(TEXT)],
  ['br', brotliCompressSync(TEXT)],
  ['identity', TEXT],
  ['', TEXT],
])('reads %j', (coding, body) => {
  expect(unpacked(body, coding)?.equals(TEXT)).toBe(true)
})

it.each([
  ['gzip', gzipSync(TEXT)],
  ['br', brotliCompressSync(TEXT)],
])('reads what is there of %s that is cut short', (coding, body) => {
  const half = unpacked(body.subarray(0, body.length - 4), coding)
  expect(half?.length).toBeGreaterThan(0)
  expect(TEXT.subarray(0, half?.length).equals(half as Buffer)).toBe(true)
})

it.each([
  ['more than 64 KiB in gzip', 'gzip', gzipSync(Buffer.alloc(65_537))],
  ['more than 64 KiB in br', 'br', brotliCompressSync(Buffer.alloc(65_537))],
  ['several codings', 'gzip, gzip', gzipSync(gzipSync(TEXT))],
  ['a coding that is unknown', 'zstd', TEXT],
  ['what is not in its coding', 'gzip', TEXT],
])('does not read %s', (_what, coding, body) => {
  expect(unpacked(body, coding)).toBeNull()
})
