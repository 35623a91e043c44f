import { useEffect, useRef } from 'preact/hooks'
import UPlot from 'uplot'
import { formatShort, NONE } from '../data/format.ts'
import { THEME_CHANGED } from '../data/theme.ts'
import { t } from '../text/text.ts'

export interface Line {
  readonly label: string
  /** A variable of the style sheet. */
  readonly color: '--series-1' | '--series-2'
  /** Told apart without colour. */
  readonly dashed?: boolean
  readonly values: readonly (number | null)[]
}

interface ChartProps {
  readonly title: string
  /** What it shows, for those who do not see it. */
  readonly summary: string
  /** Seconds since the epoch. */
  readonly times: readonly number[]
  readonly lines: readonly Line[]
  readonly format?: (value: number) => string
}

const HEIGHT = 180

export function Chart({ title, summary, times, lines, format = formatShort }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const drawn = useRef<UPlot | null>(null)
  const latest = useRef({ times, lines, format })
  latest.current = { times, lines, format }
  const shape = lines.map(line => line.label).join()

  // Other lines are another chart.
  useEffect(() => {
    const box = place.current
    if (!box) return
    const draw = () => {
      drawn.current?.destroy()
      const { times, lines, format } = latest.current
      drawn.current = new UPlot(optionsOf(box, lines, format), dataOf(times, lines), box)
    }
    const size = new ResizeObserver(() =>
      drawn.current?.setSize({ width: box.clientWidth, height: HEIGHT }),
    )
    draw()
    size.observe(box)
    window.addEventListener(THEME_CHANGED, draw)
    return () => {
      window.removeEventListener(THEME_CHANGED, draw)
      size.disconnect()
      drawn.current?.destroy()
      drawn.current = null
    }
  }, [shape])

  useEffect(() => {
    const chart = drawn.current
    chart?.setData(dataOf(times, lines))
    if (chart) tellLast(chart)
  }, [times, lines])

  return (
    <figure class="card chart">
      <figcaption>{title}</figcaption>
      <div ref={place} role="img" aria-label={`${title}: ${summary}`} />
    </figure>
  )
}

/** While nobody points at a moment, the legend tells of the last one. */
function tellLast(chart: UPlot): void {
  const { idx } = chart.cursor
  if (typeof idx !== 'number') chart.setLegend({ idx: chart.data[0].length - 1 })
}

function dataOf(times: readonly number[], lines: readonly Line[]): UPlot.AlignedData {
  return [[...times], ...lines.map(line => [...line.values])]
}

function optionsOf(
  box: HTMLElement,
  lines: readonly Line[],
  format: (value: number) => string,
): UPlot.Options {
  const style = getComputedStyle(box)
  const color = (name: string) => style.getPropertyValue(name).trim()
  const axis = {
    stroke: color('--soft'),
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
    font: `11px ${style.fontFamily}`,
  }
  return {
    width: box.clientWidth,
    height: HEIGHT,
    hooks: { ready: [tellLast], setCursor: [tellLast] },
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    scales: { y: { range: (_, __, most) => [0, most > 0 ? most * 1.1 : 1] } },
    axes: [
      { ...axis, size: 26, gap: 4, values: (_, ticks) => ticks.map(clockOf) },
      { ...axis, size: 60, gap: 6, values: (_, ticks) => ticks.map(format) },
    ],
    series: [
      { value: (_, time) => (time === null ? NONE : clockOf(time)), label: t('time') },
      ...lines.map((line, index) => ({
        label: line.label,
        stroke: color(line.color),
        width: 1.5,
        ...(line.dashed ? { dash: [5, 3] } : {}),
        ...(index === 0 ? { fill: color('--series-fill') } : {}),
        points: { show: false },
        value: (_: UPlot, value: number | null) => (value === null ? NONE : format(value)),
      })),
    ],
  }
}

/** `14:05`, and where a day begins its date. */
function clockOf(seconds: number): string {
  const moment = new Date(seconds * 1_000)
  const [hours, minutes] = [moment.getHours(), moment.getMinutes()]
  if (hours === 0 && minutes === 0) return `${moment.getMonth() + 1}/${moment.getDate()}`
  return `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`
}
