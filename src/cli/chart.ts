/** The library is loaded here, since most commands never draw. It is given no label: those may hold
 * what clients wrote, and it would take signs in them for styles. */
const library = async () => (await import('chartscii')).default

/**
 * Horizontal bars, one line for each value: the largest is `width` characters long, nothing but zero
 * is nothing.
 */
export async function bars(values: readonly number[], width: number): Promise<string[]> {
  if (values.every(value => value === 0)) return values.map(() => '')
  const Chart = await library()
  const lines = new Chart([...values], { ...PLAIN, width, height: values.length, barSize: 1 })
    .create()
    .split('\n')
  // The first line is where a title would be.
  return values.map((_, index) => lines[index + 1] ?? '')
}

/** How columns stand beside each other, in characters. */
export interface Spacing {
  readonly bar: number
  readonly gap: number
}

/** Columns on a base line, one for each value, with an axis to their left; the largest is `height` lines high. */
export async function columns(
  values: readonly number[],
  height: number,
  { bar, gap }: Spacing,
): Promise<string> {
  const Chart = await library()
  return new Chart([...values], {
    ...PLAIN,
    naked: false,
    orientation: 'vertical',
    alignBars: 'left',
    width: values.length * (bar + gap) - gap,
    height,
    barSize: bar,
    padding: gap,
    structure: { x: '─', y: '┤', axis: '│', topLeft: '┌', bottomLeft: '└' },
  }).create()
}

const PLAIN = { labels: false, richLabels: false, naked: true }
