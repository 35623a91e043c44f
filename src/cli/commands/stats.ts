import { stripVTControlCharacters } from 'node:util'
import type { Command } from 'commander'
import { type StatsShape, statsShape } from '../../control/shapes/stats.ts'
import { readStatsQuery, type WantedStats } from '../../control/stats-query.ts'
import { STATS_GROUPS, type StatsQuery } from '../../model/record.ts'
import { bars } from '../chart.ts'
import { barColumn, statsColumns } from '../columns/stats.ts'
import { hourChart } from '../hour-chart.ts'
import { formatMoment } from '../moment.ts'
import { oneOf } from '../option-values.ts'
import type { Output } from '../output.ts'
import type { Run } from '../program.ts'
import type { Session } from '../session.ts'

export function define(command: Command, run: Run): void {
  command
    .option('--by <group>', STATS_GROUPS.join(', '), oneOf('--by', STATS_GROUPS), 'provider')
    .option('--since <when>', 'from then on: so long ago (2h, 7d), or 2026-01-31T14:00Z', '24h')
    .option('--until <when>', 'up to then, written the same; now unless given')
    .addHelpText('after', HELP)
    .action(run(stats))
}

const HELP = `
Whole hours are counted, the first one included. Sums are kept when requests leave the log.
On a terminal there is a chart too: of requests, by hour of requests and errors over time.

Examples:
  $ balance stats
  $ balance stats --by model --since 7d
  $ balance stats --by hour --since 48h
  $ balance stats --by hour --json | jq -r '.[] | [.group,.requests,.errors] | @tsv'`

async function stats(session: Session, options: WantedStats): Promise<void> {
  const query = readStatsQuery(options, session.clock.wall())
  await session.flush()
  const store = await session.store()
  const keys = query.by === 'key' ? await store.keys() : []
  const labels = new Map<string | null, string>(keys.map(({ id, label }) => [id, label]))
  const sums = await store.stats(query)
  const rows = sums.map(row => statsShape(row, labels.get(row.group) ?? null))
  const text = session.out.json || rows.length === 0 ? '' : await readable(rows, query, session.out)
  session.out.show(rows, () => text)
  if (rows.length === 0) session.out.say(`No request since ${formatMoment(query.since)}.`)
}

const WIDEST_BAR = 40
const NARROWEST_BAR = 8

/** The table, and on a terminal with room for it a chart: below it over time, else beside its rows. */
async function readable(rows: readonly StatsShape[], query: StatsQuery, out: Output) {
  const columns = statsColumns(query.by, out.paint)
  const table = out.table(columns, rows)
  if (query.by === 'hour') {
    const chart = await hourChart(rows, query, out)
    return chart === '' ? table : `${table}\n\n${chart}`
  }
  const room = (out.width ?? 0) - widthOf(table) - 2
  if (room < NARROWEST_BAR) return table
  const requests = rows.map(row => row.requests)
  const drawn = await bars(requests, Math.min(room, WIDEST_BAR))
  return out.table([...columns, barColumn(rows, drawn, out.paint)], rows)
}

function widthOf(text: string): number {
  return Math.max(...text.split('\n').map(line => stripVTControlCharacters(line).length))
}
