import { expect } from 'vitest'
import type { Cell } from './cells.ts'
import { markOf } from './expect-failed.ts'
import type { FailedRow } from './row.ts'
import type { Seen } from './stage.ts'
import { answers } from './steps.ts'

const WRONG = JSON.stringify({ error: { message: 'No.', type: 'invalid_request_error' } })

/** A word of the provider's about the request: the key that it was sent with was accepted. */
export const TELLS = answers(400, 'application/json', WRONG)

/** Asserts that two keys failed by the row, and the third was told that the request is wrong. */
export function expectTold({ row }: Cell<FailedRow>, seen: Seen): void {
  expect([seen.answer?.status, seen.answer?.text]).toEqual([400, WRONG])
  expect(seen.requests).toEqual([3, 0])
  expect(seen.record).toMatchObject({ status: 400, outcome: 'client', attempts: 3 })
  expect(seen.record.failures.map(({ fault }) => fault)).toEqual([row.fault, row.fault, 'client'])
  expect([seen.charged, seen.open]).toEqual([0, {}])
  expect(seen.keys.get('a')).toMatchObject(markOf(row))
  expect(seen.keys.get('b')).toMatchObject(markOf(row))
  expect(seen.keys.get('c')).toMatchObject({ failures: 0, exhausted: null, cooling: {} })
}
