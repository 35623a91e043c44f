import type { StatsShape } from '../control/shapes/stats.ts'
import type { StatsQuery } from '../model/record.ts'
import { formatCount } from './amount.ts'
import { columns, type Spacing } from './chart.ts'
import { formatMoment } from './moment.ts'
import type { Output } from './output.ts'

/**
 * Requests over time, and below them the errors on a scale of their own, which they would not be
 * seen on beside the requests. Hours without a request are gaps; where a terminal is too narrow for
 * all hours, a column stands for several. Nothing where it is too narrow for that.
 */
export async function hourChart(
  rows: readonly StatsShape[],
  { since, until }: StatsQuery,
  { width = 0, paint }: Pick<Output, 'width' | 'paint'>,
): Promise<string> {
  const room = width - AXIS - 1
  if (room < NARROWEST) return ''
  const slots = slotsOf(rows, hourOf(since), hourOf(until - 1), room)
  const spacing = spacingOf(slots.length, room)
  const requests = slots.map(slot => slot.requests)
  const errors = slots.map(slot => slot.errors)
  const plots = [await plot('requests', requests, REQUESTS_HIGH, paint.cyan)]
  if (errors.some(count => count > 0)) {
    plots.push(await plot('errors', errors, ERRORS_HIGH, paint.red))
  }
  return [...plots, timeLine(slots, spacing, room)].join('\n')

  async function plot(noun: string, counts: number[], height: number, color: typeof paint.red) {
    const drawn = await columns(counts, height, spacing)
    const title = `${noun} ${span(slots)}, ${formatCount(Math.max(...counts))} at most`
    return `${paint.bold(title)}\n${drawn.replaceAll(/█+/g, bar => color(bar))}`
  }
}

const HOUR = 3_600_000
const AXIS = 1
const NARROWEST = 40
const WIDEST_BAR = 8
const REQUESTS_HIGH = 8
const ERRORS_HIGH = 3

/** What one column stands for. */
interface Slot {
  /** Wall ms of its beginning, and how many hours it has. */
  readonly start: number
  readonly hours: number
  readonly requests: number
  readonly errors: number
}

/** As many hours to a slot as are needed to fit, the slots of a day alike on each day. */
function slotsOf(rows: readonly StatsShape[], first: number, last: number, room: number): Slot[] {
  const hours = SPANS.find(span => countOf(first, last, span) <= room) ?? daysFor(first, last, room)
  const begin = beginOf(first, hours)
  const slots = Array.from({ length: countOf(first, last, hours) }, (_, index) => ({
    start: begin + index * hours * HOUR,
    hours,
    requests: 0,
    errors: 0,
  }))
  for (const { group, requests, errors } of rows) {
    const slot = slots[Math.floor((Date.parse(group ?? '') - begin) / (hours * HOUR))]
    if (!slot) continue
    slot.requests += requests
    slot.errors += errors
  }
  return slots
}

const SPANS = [1, 2, 3, 4, 6, 8, 12, 24]

function daysFor(first: number, last: number, room: number): number {
  const days = (last - first) / (24 * HOUR)
  return 24 * Math.ceil((days + 2) / room)
}

function countOf(first: number, last: number, hours: number): number {
  return Math.floor((last - beginOf(first, hours)) / (hours * HOUR)) + 1
}

/** The beginning of the slot that an hour is in: slots begin at midnight here. */
function beginOf(hour: number, hours: number): number {
  return hour - (new Date(hour).getHours() % Math.min(hours, 24)) * HOUR
}

function hourOf(wall: number): number {
  return wall - (wall % HOUR)
}

function spacingOf(count: number, room: number): Spacing {
  const each = Math.min(Math.floor((room + 1) / count), WIDEST_BAR + 1)
  return each > 2
    ? { bar: each - 1, gap: 1 }
    : { bar: Math.min(each, Math.floor(room / count)), gap: 0 }
}

/** `an hour`, `in 3 hours`, `a day`, `in 4 days`. */
function span([slot]: readonly Slot[]): string {
  const hours = slot?.hours ?? 1
  if (hours === 1) return 'an hour'
  if (hours < 24) return `in ${hours} hours`
  return hours === 24 ? 'a day' : `in ${hours / 24} days`
}

/** When slots begin, as far as there is room to say it: hours where they are few, else dates. */
function timeLine(slots: readonly Slot[], { bar, gap }: Spacing, room: number): string {
  const wide = bar + gap
  const every = [1, 2, 3, 6, 12].find(hours => hours * wide >= MARK + 3) ?? 24
  const byHour = slots.length * (slots[0]?.hours ?? 1) <= 2 * 24 + 1
  let line = ' '.repeat(AXIS)
  for (const [index, { start }] of slots.entries()) {
    const mark = byHour ? hourMark(start, every) : dateMark(start, slots[index - 1]?.start)
    const column = AXIS + index * wide
    const isFree = line.length === AXIS || line.length < column
    if (mark !== null && isFree && column + MARK <= AXIS + room) line = line.padEnd(column) + mark
  }
  return line.trimEnd()
}

/** Characters of `06:00` and of `01-31`. */
const MARK = 5

/** `06:00` at each such hour of the day, and the date at midnight. */
function hourMark(start: number, every: number): string | null {
  const hour = new Date(start).getHours()
  if (hour % every !== 0) return null
  return hour === 0 ? dateOf(start) : formatMoment(start).slice(11, 16)
}

/** Where a day begins. */
function dateMark(start: number, before: number | undefined): string | null {
  const date = dateOf(start)
  return before !== undefined && dateOf(before) === date ? null : date
}

function dateOf(wall: number): string {
  return formatMoment(wall).slice(5, 10)
}
