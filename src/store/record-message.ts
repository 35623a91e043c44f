import type { AttemptRecord, ExchangeRecord } from '../model/record.ts'

/**
 * Records on their way to the store's thread: one JSON text of rows. A structured clone names every member
 * of every object anew, and takes three times as long for both sides.
 */
export function packRecords(records: readonly ExchangeRecord[]): string {
  return JSON.stringify(records.map(rowOf))
}

export function unpackRecords(text: string): ExchangeRecord[] {
  return (JSON.parse(text) as Row[]).map(recordOf)
}

/** The values of a record in the order of its declaration. */
type Row = readonly [
  time: number,
  requestId: string,
  token: string | null,
  provider: string | null,
  keyId: string | null,
  model: string | null,
  modelServed: string | null,
  method: string,
  path: string,
  status: number,
  outcome: string,
  attempts: number,
  stream: boolean,
  bytesIn: number,
  bytesOut: number,
  firstByteMs: number | null,
  firstTokenMs: number | null,
  ms: number,
  promptTokens: number | null,
  cachedTokens: number | null,
  completionTokens: number | null,
  reasoningTokens: number | null,
  errorCode: string | null,
  failures: readonly AttemptRecord[],
]

function rowOf(record: ExchangeRecord): Row {
  return [
    record.time,
    record.requestId,
    record.token,
    record.provider,
    record.keyId,
    record.model,
    record.modelServed,
    record.method,
    record.path,
    record.status,
    record.outcome,
    record.attempts,
    record.stream,
    record.bytesIn,
    record.bytesOut,
    record.firstByteMs,
    record.firstTokenMs,
    record.ms,
    record.promptTokens,
    record.cachedTokens,
    record.completionTokens,
    record.reasoningTokens,
    record.errorCode,
    record.failures,
  ]
}

function recordOf(row: Row): ExchangeRecord {
  return {
    time: row[0],
    requestId: row[1],
    token: row[2],
    provider: row[3],
    keyId: row[4],
    model: row[5],
    modelServed: row[6],
    method: row[7],
    path: row[8],
    status: row[9],
    outcome: row[10],
    attempts: row[11],
    stream: row[12],
    bytesIn: row[13],
    bytesOut: row[14],
    firstByteMs: row[15],
    firstTokenMs: row[16],
    ms: row[17],
    promptTokens: row[18],
    cachedTokens: row[19],
    completionTokens: row[20],
    reasoningTokens: row[21],
    errorCode: row[22],
    failures: row[23],
  }
}
