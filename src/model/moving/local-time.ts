import { BalanceError } from '../../base/errors.ts'

/** How long one offset is taken to hold: zones change theirs at quarters of an hour. */
const STEP = 900_000

/** Reads times that were written without their zone. */
export class LocalTime {
  readonly #format: Intl.DateTimeFormat
  readonly #offsets = new Map<number, number>()

  /**
   * @param zone as in the IANA database, `Asia/Shanghai`; this host's where it is undefined
   * @throws BalanceError invalid_value
   */
  constructor(zone: string | undefined) {
    try {
      this.#format = new Intl.DateTimeFormat('en-US', { timeZone: zone, ...FIELDS })
    } catch (cause) {
      throw new BalanceError('invalid_value', `"${zone}" is no time zone.`, {
        cause,
        hint: 'Write it like Asia/Shanghai, Europe/Berlin or UTC.',
      })
    }
  }

  /**
   * `2025-12-24 18:00:00.123456` → ms since the epoch; null where it is no such time. Of the hour
   * that comes twice in autumn the earlier one is taken.
   */
  read(text: string | null): number | null {
    const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?/.exec(text ?? '')
    if (!match) return null
    const [, day, time, fraction = ''] = match
    const local = Date.parse(`${day}T${time}.${fraction.slice(0, 3).padEnd(3, '0')}Z`)
    if (!Number.isFinite(local)) return null
    // The offset before and after any change nearby: one of them leads back to this time.
    const candidates = [DAY, -DAY].map(around => local - this.#offset(local - around))
    return (
      candidates.find(moment => moment + this.#offset(moment) === local) ?? candidates[0] ?? null
    )
  }

  /** What local time is ahead of UTC at this moment, ms. */
  #offset(moment: number): number {
    const step = Math.floor(moment / STEP) * STEP
    const known = this.#offsets.get(step)
    if (known !== undefined) return known
    const parts = this.#format.formatToParts(step)
    const part = (type: string) => parts.find(found => found.type === type)?.value ?? ''
    const shown = `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}:${part('second')}Z`
    const offset = Date.parse(shown) - step
    this.#offsets.set(step, offset)
    return offset
  }
}

const DAY = 86_400_000

const FIELDS = {
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
} as const
