import { readdirSync, readFileSync } from 'node:fs'
import type { DialectName, Headers } from '../../../src/model/dialect.ts'
import type { Outcome } from '../../../src/model/outcome.ts'

/** An answer as an upstream gives it, and what it must teach. */
export interface Fixture {
  readonly name: string
  readonly dialect: DialectName
  readonly status: number
  readonly headers: Headers
  /** A text as it is, anything else as JSON. */
  readonly body: unknown
  /** Where it was seen and what of it was not, or `from memory`. */
  readonly source: string
  readonly expect: Pick<Outcome, 'fault' | 'retry' | 'reach' | 'code' | 'retryAfter'>
}

/** The wall time at which fixtures without a `date` are judged. */
export const WALL = Date.UTC(2026, 0, 1)

export const FIXTURES: readonly Fixture[] = readdirSync(import.meta.dirname)
  .filter(file => file.endsWith('.json'))
  .flatMap(file => JSON.parse(readFileSync(`${import.meta.dirname}/${file}`, 'utf8')))

export function bytesOf({ body }: Fixture): Buffer {
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}
