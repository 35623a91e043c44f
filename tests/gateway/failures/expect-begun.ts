import { expect } from 'vitest'
import type { Answer } from '../../support/gateway.ts'
import type { Cell } from './cells.ts'
import type { BegunRow, ReusedRow } from './row.ts'
import { goodText } from './speech.ts'
import type { Seen } from './stage.ts'

const UNMARKED = { failures: 0, invalid: null, exhausted: null, cooling: {} }

/** Asserts everything that the row says of an answer that was begun. */
export function expectBegun(cell: Cell<BegunRow>, seen: Seen): void {
  const { row, speech, stream } = cell
  // No attempt follows the first relayed byte.
  expect(seen.requests).toEqual([1, 0])
  if (row.status === 499) expect(seen.answer).toBeNull()
  else expectBytes(cell, seen.answer as Answer)
  expect(seen.record).toMatchObject({
    status: row.status ?? 200,
    outcome: row.outcome,
    errorCode: row.errorCode,
    attempts: 1,
    stream,
  })
  const code = row.code(speech)
  expect(seen.record.failures.map(failure => failure.code)).toEqual(code === null ? [] : [code])
  expectNobodyElse(seen, row.charged)
}

function expectBytes({ row, speech, stream }: Cell<BegunRow>, answer: Answer): void {
  const sent = row.relayed?.(speech, stream) ?? goodText(speech, stream)
  const bytes = Buffer.from(sent)
  expect(answer.cut).toBe(row.end === 'cut')
  expect(answer.status).toBe(row.end === 'cut' ? 200 : (row.status ?? 200))
  expect(answer.body.subarray(0, bytes.length).equals(bytes)).toBe(true)
  const rest = answer.body.toString('utf8', bytes.length)
  if (row.event === undefined) expect(rest).toBe('')
  else if (row.end === 'cut') speech.expectEvent(rest, ...row.event)
  else speech.expectError(rest, ...row.event)
}

/** Asserts everything that the row says of a connection that was kept. */
export function expectReused({ row, speech, stream }: Cell<ReusedRow>, seen: Seen): void {
  const attempts = row.faults.length + (row.answer === null ? 1 : 0)
  const answer = seen.answer as Answer
  expect(seen.requests).toEqual([attempts, 0])
  expect(seen.connections).toBe(row.connections)
  expect([answer.status, answer.cut]).toEqual([row.answer?.[0] ?? 200, false])
  if (row.answer === null) expect(answer.text).toBe(goodText(speech, stream))
  else speech.expectError(answer.text, ...row.answer)
  const last = row.faults.at(-1)
  expect(seen.record).toMatchObject({
    status: row.answer?.[0] ?? 200,
    outcome: row.answer === null ? 'ok' : last,
    errorCode: row.answer?.[1] ?? null,
    attempts,
  })
  expect(seen.record.failures.map(({ fault }) => fault)).toEqual(row.faults)
  // The same key is asked once more on a connection of its own.
  const [first, second] = seen.record.failures
  if (first !== undefined) expect((second ?? seen.record).keyId).toBe(first.keyId)
  expectNobodyElse(seen, row.charged)
}

/** The provider is charged so many failures, and no key any. */
function expectNobodyElse({ keys, open, charged }: Seen, charges: number): void {
  expect([charged, open]).toEqual([charges, {}])
  for (const memory of keys.values()) expect(memory).toMatchObject(UNMARKED)
}
