import type { Command } from 'commander'
import { printable } from '../../base/text.ts'
import { type FilterOptions, readFilter } from '../../control/log-filter.ts'
import {
  type ExchangeShape,
  exchangeShape,
  type FailureShape,
  failureShape,
} from '../../control/shapes/exchange.ts'
import { tryShapes } from '../../control/shapes/try.ts'
import { parseDuration } from '../../model/units.ts'
import {
  exchangeColumns,
  failureColumns,
  statusColor,
  tokensOf,
  tryColumns,
} from '../columns/exchange.ts'
import { example } from '../example.ts'
import { EXPORT_FORMATS, exportLog } from '../export.ts'
import { formatMoment } from '../moment.ts'
import { oneOf, whole } from '../option-values.ts'
import type { Run } from '../program.ts'
import { prune } from '../prune.ts'
import type { Session } from '../session.ts'
import { card } from '../table.ts'
import { tail } from '../tail.ts'

export function define(command: Command, run: Run): void {
  paged(filters(command.command('list')))
    .description('requests, the newest first')
    .addHelpText('after', LIST_HELP)
    .action(run(list))
  command
    .command('show')
    .description('one request with all its attempts')
    .argument('<id>', 'its number, or its request id')
    .addHelpText('after', example('balance logs show 1042'))
    .action(run(show))
  paged(filters(command.command('errors')))
    .description('failed attempts, the newest first')
    .addHelpText('after', example('balance logs errors --provider openai --since 1h'))
    .action(run(errors))
  filters(command.command('tail'))
    .description('requests as they end, until Ctrl-C')
    .addHelpText('after', TAIL_HELP)
    .action(run(tail))
  times(filters(command.command('export')))
    .description('all requests that fit, the newest first, as CSV or a JSON object a line')
    .option('--format <format>', 'csv, ndjson; csv unless --json is given', FORMAT)
    .option('--out <file>', 'into this file instead of to stdout')
    .addHelpText('after', EXPORT_HELP)
    .action(run(exportLog))
  command
    .command('prune')
    .description('remove what log_max_age, error_max_age and log_max_bytes no longer keep')
    .option('--older-than <duration>', 'what is older than this instead, e.g. 7d', parseDuration)
    .option('--yes', 'without a question')
    .addHelpText('after', PRUNE_HELP)
    .action(run(prune))
}

const FORMAT = oneOf('--format', EXPORT_FORMATS)

const LIST_HELP = `
All filters given must hold. Times are when requests came in, local unless they name a zone.
A narrow terminal has no room for all columns; --json has all fields.

Examples:
  $ balance logs list --provider openai --status 5xx --since 2h
  $ balance logs list --path /v1/embeddings --since 2026-01-31 --until 2026-02-01
  $ balance logs list --limit 1000 --json | jq -r '.[] | [.time,.model,.ms] | @tsv'`

const TAIL_HELP = `
A daemon tells of requests as they end; of those that come faster than they can be printed,
it says how many were left out. With no daemon, or once it has ended, the store is read twice
a second. With --json, one object a line.

Examples:
  $ balance logs tail --status error
  $ balance logs tail --token laptop --json | jq -c '[.model,.ttft_ms]'`

const EXPORT_HELP = `
Rows have the fields of logs list --json. The file is written anew, for its owner alone.
In CSV, a text that a spreadsheet would take for a formula has an apostrophe in front.

Examples:
  $ balance logs export --since 7d --out week.csv
  $ balance logs export --format ndjson --status error | gzip > errors.ndjson.gz`

const PRUNE_HELP = `
A running daemon does this by itself; it may go on meanwhile. Sums in balance stats stay.

Examples:
  $ balance logs prune --yes
  $ balance logs prune --older-than 7d`

function filters(command: Command): Command {
  return command
    .option('--provider <name>', 'sent to this provider')
    .option('--key <key>', 'with this key (id or label)')
    .option('--token <name>', 'by this client token')
    .option('--model <name>', 'for this model, as it was asked for or as it was sent')
    .option('--status <status>', '429, a class like 5xx, or error (400 and above)')
    .option('--path <prefix>', 'whose path begins so, e.g. /v1/embeddings')
}

function times(command: Command): Command {
  return command
    .option('--since <when>', 'from then on: so long ago (90s, 2h, 7d), or 2026-01-31T14:00Z')
    .option('--until <when>', 'up to then, written the same')
}

function paged(command: Command): Command {
  return times(command)
    .option('--limit <n>', 'how many at most, up to 10000', whole('--limit', 1, 10_000), 50)
    .option('--before <id>', 'the page that ends before this id', whole('--before', 1, 2 ** 52))
}

interface PageOptions extends FilterOptions {
  readonly limit: number
  readonly before?: number
}

async function list(session: Session, options: PageOptions): Promise<void> {
  await session.flush()
  const query = {
    ...(await readFilter(await session.store(), options, session.clock.wall())),
    ...page(options),
  }
  const rows = (await (await session.store()).records(query)).map(exchangeShape)
  session.out.list(exchangeColumns(session.out.paint), rows)
  more(session, rows, options.limit, 'request')
}

async function errors(session: Session, options: PageOptions): Promise<void> {
  await session.flush()
  const query = {
    ...(await readFilter(await session.store(), options, session.clock.wall())),
    ...page(options),
  }
  const rows = (await (await session.store()).failures(query)).map(failureShape)
  session.out.list(failureColumns(session.out.paint), rows)
  more(session, rows, options.limit, 'failed attempt')
}

function page({ limit, before }: PageOptions): { limit: number; before?: number } {
  return before === undefined ? { limit } : { limit, before }
}

/** Says that nothing was found, or where the next page begins. */
function more(
  session: Session,
  rows: readonly { id: number | null }[],
  limit: number,
  noun: string,
) {
  if (rows.length === 0) session.out.say(`No ${noun} found.`)
  else if (rows.length === limit) session.out.say(`There may be more: --before ${rows.at(-1)?.id}`)
}

async function show(session: Session, id: string): Promise<void> {
  await session.flush()
  const { exchange, failures } = await (await session.store()).recordOf(id)
  const shown = exchangeShape(exchange)
  const failed = failures.map(failureShape)
  const tries = tryShapes(exchange, failures)
  const { paint } = session.out
  session.out.show({ ...shown, failures: failed, tries }, () => {
    const parts = [card(fieldsOf(shown, text => statusColor(paint, shown.status)(text)))]
    if (tries.length > 0) parts.push(session.out.table(tryColumns(paint), tries))
    if (failed.length > 0) parts.push(failed.map(excerptOf).join('\n'))
    return parts.join('\n\n')
  })
}

function excerptOf({ attempt, excerpt }: FailureShape): string {
  return `attempt ${attempt}: ${printable(excerpt, 4_096) || '(no answer)'}`
}

function fieldsOf(row: ExchangeShape, paintStatus: (text: string) => string) {
  return [
    ['id', row.id],
    ['request id', row.request_id],
    ['time', formatMoment(Date.parse(row.time))],
    ['request', `${row.method} ${row.path}`],
    ['status', row.status, paintStatus],
    ['outcome', row.error_code ? `${row.outcome} (${row.error_code})` : row.outcome],
    ['token', row.token],
    ['provider', row.provider],
    ['key', row.key && `${row.key} (${row.key_label ?? 'removed'})`],
    ['model', row.model_served === row.model ? row.model : `${row.model} → ${row.model_served}`],
    ['attempts', row.attempts],
    ['stream', row.stream],
    ['bytes', `${row.bytes_in} in, ${row.bytes_out} out`],
    ['first byte', milliseconds(row.first_byte_ms)],
    ['first token', milliseconds(row.ttft_ms)],
    ['in all', milliseconds(row.ms)],
    ['tokens', tokensOf(row)],
    ['of them cached', row.cached_tokens],
    ['of them reasoning', row.reasoning_tokens],
    ['served by', row.node],
  ] as const
}

function milliseconds(ms: number | null): string | null {
  return ms === null ? null : `${Math.round(ms)} ms`
}
