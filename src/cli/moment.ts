/** Wall milliseconds as a person reads them: local `2026-01-31 14:05:09`. */
export function formatMoment(wall: number): string {
  const at = new Date(wall)
  const date = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map(twoDigits).join('-')
  return `${date} ${formatTimeOfDay(wall)}`
}

/** The time of day alone, local: `14:05:09`. */
export function formatTimeOfDay(wall: number): string {
  const at = new Date(wall)
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(':')
}

/** How long until `then`, in its two largest units: `1h 5m`, `42s`; `now` when it has come. */
export function formatLeft(then: number, wall: number): string {
  const seconds = Math.ceil((then - wall) / 1_000)
  if (seconds <= 0) return 'now'
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ')
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
