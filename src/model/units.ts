import { BalanceError } from '../base/errors.ts'

const DURATION: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const SIZE: Record<string, number> = {
  b: 1,
  kb: 1_000,
  mb: 1_000_000,
  gb: 1_000_000_000,
  kib: 1_024,
  mib: 1_048_576,
  gib: 1_073_741_824,
}

/** `30s`, `1.5h`, `250ms`, `1m30s`, or a bare number of seconds → milliseconds. */
export function parseDuration(text: string): number {
  const parts = text.trim().toLowerCase()
  if (/^\d+(\.\d+)?$/.test(parts)) return Math.round(Number(parts) * 1_000)
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(parts)) {
    throw new BalanceError('invalid_value', `"${text}" is not a duration.`, {
      hint: 'Write it like 30s, 5m, 1h30m or 250ms.',
    })
  }
  let ms = 0
  for (const [, amount, unit] of parts.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/gy)) {
    ms += Number(amount) * (DURATION[unit as string] as number)
  }
  return Math.round(ms)
}

/** `32MiB`, `1GB`, or a bare number of bytes → bytes. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(b|[kmg]i?b)?$/.exec(text.trim().toLowerCase())
  if (!match) {
    throw new BalanceError('invalid_value', `"${text}" is not a size.`, {
      hint: 'Write it like 32MiB, 1GiB or 500kB.',
    })
  }
  return Math.round(Number(match[1]) * (SIZE[match[2] ?? 'b'] as number))
}

/** Milliseconds in the largest unit that divides them: 90000 → `90s`, 3600000 → `1h`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0'
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const size = DURATION[unit] as number
    if (ms % size === 0) return `${ms / size}${unit}`
  }
  return `${ms}ms`
}

/** Bytes in the largest binary unit that divides them: 33554432 → `32MiB`. */
export function formatSize(bytes: number): string {
  for (const [unit, size] of [
    ['GiB', SIZE.gib],
    ['MiB', SIZE.mib],
    ['KiB', SIZE.kib],
  ] as const) {
    if (bytes > 0 && bytes % (size as number) === 0) return `${bytes / (size as number)}${unit}`
  }
  return String(bytes)
}

/**
 * An ISO 8601 time → wall milliseconds. Local, as times are shown, unless it says where: JavaScript
 * takes a date alone for one in UTC.
 */
export function parseTime(text: string): number {
  const [, date, rest] = /^\s*(\d{4}-\d\d-\d\d)(?:[T ](.+))?$/.exec(text) ?? []
  const time = new Date(`${date}T${rest?.trim() ?? '00:00'}`).getTime()
  if (!Number.isNaN(time)) return time
  throw new BalanceError('invalid_value', `"${text}" is no time.`, {
    hint: 'Write how long ago or ahead (90s, 2h, 7d), or a time like 2026-01-31T14:00Z.',
  })
}
