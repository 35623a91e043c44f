import { type FilterOptions, readFilter } from '../control/log-filter.ts'
import { type ExchangeShape, exchangeShape } from '../control/shapes/exchange.ts'
import type { RecordFilter, StoredExchange } from '../model/record.ts'
import type { Store } from '../model/store.ts'
import { formatCount } from './amount.ts'
import { csvLine } from './csv.ts'
import { firstId } from './extent.ts'
import { type Progress, startProgress } from './progress.ts'
import type { Session } from './session.ts'
import { fileSink, stdoutSink } from './sink.ts'

export const EXPORT_FORMATS = ['csv', 'ndjson'] as const

export interface ExportOptions extends FilterOptions {
  readonly format?: (typeof EXPORT_FORMATS)[number]
  readonly out?: string
}

/** Rows asked of the store at once; no more than these are held. */
const PAGE = 1_000

/** Writes every exchange that fits, the newest first, as CSV or one JSON object a line. */
export async function exportLog(session: Session, options: ExportOptions): Promise<void> {
  const filter = await readFilter(await session.store(), options, session.clock.wall())
  await session.flush()
  const format = FORMATS[options.format ?? (session.out.json ? 'ndjson' : 'csv')]
  const store = await session.store()
  const pages = pagesOf(store, filter)
  const sink = options.out === undefined ? stdoutSink : await fileSink(options.out)
  const bar = new ExportBar(store, filter, showsBar(session, options))
  let count = 0
  try {
    await sink.write(format.head)
    for await (const page of pages) {
      await sink.write(page.map(row => format.line(exchangeShape(row))).join(''))
      count += page.length
      await bar.advance(page, count)
    }
  } finally {
    bar.end()
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

/** Not where the rows themselves go to the terminal. */
function showsBar({ out }: Session, { out: file }: ExportOptions): boolean {
  return out.wordsOnTerminal && (file !== undefined || !out.onTerminal)
}

/** How far down the log an export has come, once it is known to be more than one page long. */
class ExportBar {
  readonly #store: Store
  readonly #filter: RecordFilter
  readonly #shown: boolean
  #newest = 0
  #progress: Progress | null = null

  constructor(store: Store, filter: RecordFilter, shown: boolean) {
    this.#store = store
    this.#filter = filter
    this.#shown = shown
  }

  async advance(page: readonly StoredExchange[], count: number): Promise<void> {
    const [first, last] = [page.at(0), page.at(-1)]
    if (!this.#shown || !first || !last || page.length < PAGE) return
    this.#progress ??= await this.#start(first.id)
    this.#progress.advance(this.#newest - last.id, count)
  }

  end(): void {
    this.#progress?.end()
  }

  async #start(newest: number): Promise<Progress> {
    this.#newest = newest
    const below = async (before: number) => (await this.#store.records({ before, limit: 1 })).at(0)
    const oldest = await firstId(below, newest, this.#filter.since)
    return startProgress(['exporting', 'requests'], newest - oldest)
  }
}
