import { useEffect, useState } from 'preact/hooks'
import { eachSecond, now } from '../data/clock.ts'
import { formatLeft, formatMoment, NONE } from '../data/format.ts'
import { t } from '../text/text.ts'

/** A moment; the whole of it is shown where one points at it. */
export function Moment({ time }: { time: string | number | null }) {
  if (time === null) return <span>{NONE}</span>
  const whole = new Date(time)
  if (Number.isNaN(whole.getTime())) return <span>{NONE}</span>
  return (
    <time dateTime={whole.toISOString()} title={whole.toISOString()}>
      {formatMoment(time, now())}
    </time>
  )
}

/** Counts down to a moment. */
export function TimeLeft({ until }: { until: string | null }) {
  const [moment, setMoment] = useState(now)
  useEffect(() => (until === null ? undefined : eachSecond(() => setMoment(now()))), [until])
  if (until === null) return <span>{NONE}</span>
  const left = Date.parse(until) - moment
  return (
    <time dateTime={until} title={until}>
      {left > 0 ? t('in', { time: formatLeft(left) }) : t('now')}
    </time>
  )
}
