import { language } from '../text/language.ts'

/** Stands for what is not known. */
export const NONE = '–'

/** `12,345`. */
export function formatCount(value: number): string {
  return new Intl.NumberFormat(language()).format(value)
}

/** `12.3K`, for axes and tiles. */
export function formatShort(value: number): string {
  if (Math.abs(value) < 10_000) return formatCount(Math.round(value * 100) / 100)
  return new Intl.NumberFormat(language(), {
    notation: 'compact',
    maximumFractionDigits: 1,
  }).format(value)
}

/** `1.2%`; of nothing it is `0%`. */
export function formatShare(part: number, whole: number): string {
  const share = whole === 0 ? 0 : part / whole
  const digits = share > 0 && share < 0.1 ? 2 : 1
  return new Intl.NumberFormat(language(), {
    style: 'percent',
    maximumFractionDigits: digits,
  }).format(share)
}

/** `850 ms`, `1.25 s`, `2 min 5 s`. */
export function formatMs(ms: number | null): string {
  if (ms === null) return NONE
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${trimmed(ms / 1_000)} s`
  return formatLeft(ms)
}

/** Time left by its two largest units: `4 min 12 s`, `3 h 5 min`, `2 d 1 h`. */
export function formatLeft(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000))
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ]
  const first = parts.findIndex(([count]) => count > 0)
  if (first < 0) return '0 s'
  return parts
    .slice(first, first + 2)
    .filter(([count], index) => index === 0 || count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ')
}

/** `14:03:09` of today, else `2026-11-24 14:03`, in the reader's time zone. */
export function formatMoment(time: string | number, now: number): string {
  const moment = new Date(time)
  if (Number.isNaN(moment.getTime())) return NONE
  const today = new Date(now)
  const sameDay = moment.toDateString() === today.toDateString()
  const clock = `${two(moment.getHours())}:${two(moment.getMinutes())}`
  if (sameDay) return `${clock}:${two(moment.getSeconds())}`
  return `${dateOf(moment)} ${clock}`
}

/** `2026-11-24`, in the reader's time zone. */
export function dateOf(moment: Date): string {
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`
}

/** `12.5 KiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const step = bytes < 1 ? 0 : Math.min(4, Math.floor(Math.log2(bytes) / 10))
  return `${trimmed(bytes / 1_024 ** step)} ${units[step]}`
}

/** `120→48`: prompt and completion; {@link NONE} where the answer named neither. */
export function formatTokens(prompt: number | null, completion: number | null): string {
  if (prompt === null && completion === null) return NONE
  return `${prompt ?? '?'}→${completion ?? '?'}`
}

/** Any JSON value on one line. */
export function formatValue(value: unknown): string {
  if (value === null || value === undefined) return NONE
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function trimmed(value: number): string {
  return String(Number(value.toFixed(value < 10 ? 2 : 1)))
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
