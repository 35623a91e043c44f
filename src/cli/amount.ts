/** `1,234,567`, the same wherever it is shown. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en')
}

/** A share as a percentage: `0`, `0.4`, `12.5`; never 0 for what is more. */
export function formatShare(part: number, whole: number): string {
  if (part === 0 || whole === 0) return '0'
  const percent = (100 * part) / whole
  return percent < 0.1 ? '<0.1' : String(Math.round(10 * percent) / 10)
}

/** About how many bytes, in the largest binary unit: `1.4 GiB`, `12.0 KiB`, `310 B`. */
export function formatBytes(bytes: number): string {
  const power = Math.min(Math.floor(Math.log2(Math.max(1, bytes)) / 10), UNITS.length - 1)
  return `${(bytes / 1_024 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
