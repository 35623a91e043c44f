import type { Retention } from '../model/record.ts'
import type { Store } from '../model/store.ts'
import { formatDuration, formatSize } from '../model/units.ts'
import { formatBytes, formatCount } from './amount.ts'
import { firstId, type Row } from './extent.ts'
import { type Progress, startProgress } from './progress.ts'
import { confirm } from './prompts.ts'
import type { Session } from './session.ts'
import { readSettings } from './state.ts'

export interface PruneOptions {
  /** ms. */
  readonly olderThan?: number
  readonly yes?: true
}

/** Between two slices, so that a daemon on the same store can write. */
const PAUSE_MS = 10

/**
 * Removes what the retention settings no longer keep, or what is older than asked, and says what it
 * was. It may be ended at any time: slices already removed stay removed.
 */
export async function prune(session: Session, options: PruneOptions): Promise<void> {
  const rules = await retentionOf(session, options.olderThan)
  await confirm(question(rules, options.olderThan), options.yes === true)
  const removed = await removeSlices(session, rules)
  session.out.show(removed, () => '')
  const { requests, failed_attempts: failed, bytes } = removed
  const counts = `${formatCount(requests)} requests and ${formatCount(failed)} failed attempts`
  session.out.say(`removed ${counts}; the log takes ${formatBytes(bytes)}`)
}

/** An age that was asked for stands alone: nothing younger goes, however large the log is. */
async function retentionOf(session: Session, olderThan: number | undefined): Promise<Retention> {
  const settings = await readSettings(await session.store())
  if (olderThan !== undefined) {
    return { maxAge: olderThan, errorMaxAge: olderThan, maxBytes: Number.MAX_SAFE_INTEGER }
  }
  return {
    maxAge: settings.log_max_age,
    errorMaxAge: settings.error_max_age,
    maxBytes: settings.log_max_bytes,
  }
}

function question({ maxAge, errorMaxAge, maxBytes }: Retention, olderThan: number | undefined) {
  const age = formatDuration(maxAge)
  if (olderThan !== undefined) return `Remove requests and failed attempts older than ${age}?`
  const errorAge = formatDuration(errorMaxAge)
  return `Remove requests older than ${age}, failed attempts older than ${errorAge}, and the oldest beyond ${formatSize(maxBytes)}?`
}

/** What `logs prune --json` prints: how many rows went, and the log's size on the disk after it. */
interface Removed {
  readonly requests: number
  readonly failed_attempts: number
  readonly bytes: number
}

async function removeSlices(session: Session, rules: Retention): Promise<Removed> {
  const { out, clock } = session
  const store = await session.store()
  let [requests, failed] = [0, 0]
  let bar: Progress | null = null
  try {
    for (;;) {
      const slice = await store.prune(rules)
      requests += slice.exchanges
      failed += slice.failures
      const rows = requests + failed
      if (!slice.more) return { requests, failed_attempts: failed, bytes: slice.bytes }
      if (out.wordsOnTerminal && bar === null) {
        const left = await rowsToRemove(store, rules, clock.wall(), slice.bytes)
        bar = await startProgress(['removing', 'rows'], rows + left)
      }
      bar?.advance(rows, rows)
      await clock.sleep(PAUSE_MS)
    }
  } finally {
    bar?.end()
  }
}

/** About how many, judged by ids: rows too old, or where the log is too large its share above that. */
async function rowsToRemove(
  store: Store,
  { maxAge, errorMaxAge, maxBytes }: Retention,
  wall: number,
  bytes: number,
): Promise<number> {
  const [requests, failed] = await Promise.all([
    rowsOf(async query => (await store.records(query)).at(0), wall - maxAge),
    rowsOf(async query => (await store.failures(query)).at(0), wall - errorMaxAge),
  ])
  const tooMany = (requests.all + failed.all) * (1 - maxBytes / bytes)
  return Math.ceil(Math.max(requests.old + failed.old, tooMany))
}

async function rowsOf(
  newest: (query: { readonly limit: number; readonly before?: number }) => Promise<Row | undefined>,
  before: number,
): Promise<{ readonly all: number; readonly old: number }> {
  const top = (await newest({ limit: 1 }))?.id ?? 0
  const below = (id: number) => newest({ before: id, limit: 1 })
  const [oldest, kept] = [await firstId(below, top), await firstId(below, top, before)]
  return { all: top - oldest, old: kept - oldest }
}
