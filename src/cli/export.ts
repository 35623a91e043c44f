import type { RecordFilter, StoredExchange } from '../model/record.ts'
import type { Store } from '../model/store.ts'
import { formatCount } from './amount.ts'
import { csvLine } from './csv.ts'
import { type FilterOptions, readFilter } from './log-filter.ts'
import type { Session } from './session.ts'
import { type ExchangeShape, exchangeShape } from './shapes/exchange.ts'
import { fileSink, type Sink, stdoutSink } from './sink.ts'

export const EXPORT_FORMATS = ['csv', 'ndjson'] as const

export interface ExportOptions extends FilterOptions {
  readonly format?: (typeof EXPORT_FORMATS)[number]
  readonly out?: string
}

/** Rows asked of the store at once; no more than these are held. */
const PAGE = 1_000

/** Writes every exchange that fits, the newest first, as CSV or one JSON object a line. */
export async function exportLog(session: Session, options: ExportOptions): Promise<void> {
  const filter = await readFilter(session, options)
  await session.flush()
  const format = FORMATS[options.format ?? (session.out.json ? 'ndjson' : 'csv')]
  const pages = pagesOf(await session.store(), filter)
  const sink = options.out === undefined ? stdoutSink : await fileSink(options.out)
  const counter = options.out === undefined && session.out.onTerminal ? null : session.out
  let count = 0
  try {
    await sink.write(format.head)
    for await (const page of pages) {
      await writePage(sink, page, format.line)
      count += page.length
      counter?.progress(`${formatCount(count)} requests …`)
    }
  } finally {
    counter?.progress('')
    await sink.close()
  }
  const to = options.out === undefined ? '' : ` to ${options.out}`
  session.out.say(`exported ${formatCount(count)} ${count === 1 ? 'request' : 'requests'}${to}`)
}

interface Format {
  readonly head: string
  readonly line: (row: ExchangeShape) => string
}

/** The fields of a row, in the order of the columns: new ones come last. */
const FIELDS = Object.keys({
  id: true,
  time: true,
  request_id: true,
  token: true,
  provider: true,
  key: true,
  key_label: true,
  model: true,
  model_served: true,
  method: true,
  path: true,
  status: true,
  outcome: true,
  attempts: true,
  ms: true,
  ttft_ms: true,
  first_byte_ms: true,
  prompt_tokens: true,
  cached_tokens: true,
  completion_tokens: true,
  reasoning_tokens: true,
  bytes_in: true,
  bytes_out: true,
  stream: true,
  error_code: true,
  node: true,
} satisfies Record<keyof ExchangeShape, true>) as (keyof ExchangeShape)[]

const FORMATS: Readonly<Record<(typeof EXPORT_FORMATS)[number], Format>> = {
  csv: { head: csvLine(FIELDS), line: row => csvLine(FIELDS.map(name => row[name])) },
  ndjson: { head: '', line: row => `${JSON.stringify(row)}\n` },
}

/** By keyset: a page costs the same however far down it is, and new rows shift nothing. */
async function* pagesOf(store: Store, filter: RecordFilter) {
  let page = await store.records({ ...filter, limit: PAGE })
  while (page.length > 0) {
    yield page
    const before = page.at(-1)?.id
    if (page.length < PAGE || before === undefined) return
    page = await store.records({ ...filter, limit: PAGE, before })
  }
}

function writePage(sink: Sink, page: readonly StoredExchange[], line: Format['line']) {
  return sink.write(page.map(row => line(exchangeShape(row))).join(''))
}
