import type { ExchangeRecord, RecordFilter } from './record.ts'

type Matched = Omit<ExchangeRecord, 'failures'>

/** Whether a record fits a filter, by the same rules as the store's queries; for live records. */
export function recordMatches(record: Matched, filter: RecordFilter): boolean {
  return (
    equal(filter.provider, record.provider) &&
    equal(filter.key, record.keyId) &&
    equal(filter.token, record.token) &&
    equal(filter.model, record.model) &&
    equal(filter.requestId, record.requestId) &&
    (filter.path === undefined || record.path.startsWith(filter.path)) &&
    (filter.status === undefined || statusMatches(record.status, filter.status)) &&
    (filter.since === undefined || record.time >= filter.since) &&
    (filter.until === undefined || record.time < filter.until)
  )
}

function equal(wanted: string | undefined, actual: string | null): boolean {
  return wanted === undefined || wanted === actual
}

/** `429`, `5xx`, or `error` (≥ 400). */
function statusMatches(status: number, wanted: string): boolean {
  if (wanted === 'error') return status >= 400
  return /^\dxx$/.test(wanted)
    ? Math.floor(status / 100) === Number(wanted[0])
    : status === Number(wanted)
}
