import type { TellProgress } from '../model/backup.ts'
import { formatCount } from './amount.ts'
import { formatLeft } from './moment.ts'
import type { Output } from './output.ts'

/** How far long work has come, as a bar on the terminal that stderr is. */
export interface Progress {
  /** @param done in the units of the total; @param rows how many rows that was */
  advance(done: number, rows: number): void
  /** Takes the bar away; what is written next begins where it stood. */
  end(): void
}

/**
 * Draws the bar. Loaded here, since most commands never do.
 * @param doing what is done with which rows: `exporting`, `requests`
 * @param total what all of it will come to, about: beyond it the bar stays full
 */
export async function startProgress(
  doing: readonly [verb: string, noun: string],
  total: number,
): Promise<Progress> {
  const [verb, noun] = doing
  const { SingleBar } = (await import('cli-progress')).default
  const bar = new SingleBar({
    stream: process.stderr,
    format: `${verb} {bar} {percentage}%  {rows} ${noun}{eta_formatted}`,
    formatTime: timeLeft,
    barsize: barSize(process.stderr.columns || 80),
    barCompleteChar: '█',
    barIncompleteChar: '░',
    // As wide at 1% as at 100%.
    autopadding: true,
    etaBuffer: ETA_SAMPLES,
    clearOnComplete: true,
    // Else the terminal's own wrapping is switched off, and Ctrl-C would leave it so.
    linewrap: true,
  })
  bar.start(total, 0, { rows: '0' })
  return {
    advance: (done, rows) => bar.update(done, { rows: formatCount(rows) }),
    end: () => bar.stop(),
  }
}

/**
 * Runs what tells how far it is, with a bar from its first word on; with none where its words go
 * elsewhere than to a terminal, or its result is JSON.
 */
export async function withProgress<T>(
  out: Output,
  doing: readonly [verb: string, noun: string],
  run: (tell?: TellProgress) => Promise<T>,
): Promise<T> {
  if (!out.wordsOnTerminal || out.json) return run()
  const started: Progress[] = []
  try {
    return await run(async (done, total, rows) => {
      if (started.length === 0) started.push(await startProgress(doing, total))
      started[0]?.advance(done, rows)
    })
  } finally {
    for (const bar of started) bar.end()
  }
}

/** Updates over whose time the rest is estimated. */
const ETA_SAMPLES = 50

/** The words beside the bar take some 45 characters. */
function barSize(columns: number): number {
  return Math.min(Math.max(columns - 45, 5), 40)
}

/** Nothing where it is not known: the bar then gives a word in place of the seconds. */
function timeLeft(seconds: number): string {
  return seconds > 0 ? `, ${formatLeft(seconds * 1_000, 0)} left` : ''
}
