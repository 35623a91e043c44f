import type { ChalkInstance } from 'chalk'
import { printable } from '../base/text.ts'
import { type FilterOptions, readFilter } from '../control/log-filter.ts'
import { type AnyExchange, type ExchangeShape, exchangeShape } from '../control/shapes/exchange.ts'
import type { RecordFilter } from '../model/record.ts'
import { statusColor, tokensOf } from './columns/exchange.ts'
import { interruption, pause } from './interrupt.ts'
import { formatTimeOfDay } from './moment.ts'
import { plural } from './plural.ts'
import type { Session } from './session.ts'
import { writeOut } from './sink.ts'

/** How often the store is asked where no daemon tells. */
const POLL_EVERY = 500
const POLL_PAGE = 500

/**
 * Prints exchanges as they end, until Ctrl-C: told by the daemon, or read from the store when none
 * runs (another host may write to it). With `--json` one object a line.
 */
export async function tail(session: Session, options: FilterOptions): Promise<void> {
  const filter = await readFilter(await session.store(), options, session.clock.wall())
  const end = interruption()
  if (await follow(session, filter, end)) return
  await poll(session, filter, end)
}

/** @returns whether it was the operator who ended it */
async function follow(session: Session, filter: RecordFilter, end: AbortSignal): Promise<boolean> {
  const daemon = await session.daemon()
  if (!daemon) {
    session.out.say('No daemon is running; reading the store. To start one: balance serve')
    return false
  }
  try {
    for await (const line of daemon.tail(filter, end)) {
      if ('exchange' in line) await print(session, line.exchange, end)
      else
        session.out.warn(
          `${plural(line.dropped, 'request')} left out: they came faster than they were read`,
        )
    }
  } catch (error) {
    if (!end.aborted) session.out.warn(`The daemon's feed broke: ${(error as Error).message}`)
  }
  if (!end.aborted) session.out.say('The daemon has ended; reading the store.')
  return end.aborted
}

async function poll(session: Session, filter: RecordFilter, end: AbortSignal): Promise<void> {
  const store = await session.store()
  const [newest] = await store.records({ limit: 1 })
  let after = newest?.id ?? 0
  while (!end.aborted) {
    const page = await store.records({ ...filter, after, limit: POLL_PAGE })
    for (const exchange of page) {
      await print(session, exchange, end)
      after = Math.max(after, exchange.id)
    }
    if (page.length < POLL_PAGE) await pause(session.clock, POLL_EVERY, end)
  }
}

/** No faster than it is read, so that a daemon hears of a slow reader and nothing piles up here. */
async function print({ out }: Session, exchange: AnyExchange, end: AbortSignal): Promise<void> {
  const row = exchangeShape(exchange)
  await writeOut(`${out.json ? JSON.stringify(row) : readable(row, out.paint)}\n`, end)
}

/** `14:05:09  200  POST /v1/chat/completions  gpt-4o  openai/k_1  812 ms, 12→48 tokens` */
function readable(row: ExchangeShape, paint: ChalkInstance): string {
  const status = statusColor(paint, row.status)(String(row.status))
  const target = [row.provider, row.key_label ?? row.key].filter(Boolean).join('/') || '-'
  const notes = [
    `${Math.round(row.ms)} ms`,
    row.ttft_ms === null ? null : `first token ${Math.round(row.ttft_ms)} ms`,
    row.attempts > 1 ? `${row.attempts} attempts` : null,
    tokensOf(row) && `${tokensOf(row)} tokens`,
    row.outcome === 'ok' ? null : (row.error_code ?? row.outcome),
  ]
  const parts = [
    `${row.method} ${row.path}`,
    row.model ?? '-',
    target,
    notes.filter(Boolean).join(', '),
  ]
  const time = paint.dim(formatTimeOfDay(Date.parse(row.time)))
  return `${time}  ${status}  ${parts.map(part => printable(part)).join('  ')}`
}
