import { expect } from 'vitest'
import { mask } from '../../../src/base/secret.ts'
import type { Answer } from '../../support/gateway.ts'
import type { FailedCell } from './cells.ts'
import { FAILING, type FailedRow, WAYS } from './row.ts'
import { goodText, MODEL } from './speech.ts'
import type { Seen } from './stage.ts'
import { KEY } from './upstream.ts'

/** Errors of ours that the same request will meet again. */
const HOPELESS: readonly string[] = [
  'upstream_credentials_exhausted',
  'upstream_tls',
  'invalid_request',
]

/** What is expected of one cell, as its row's way says. */
interface Expected {
  /** The provider of each attempt. */
  readonly attempts: readonly ('one' | 'two')[]
  /** The last attempt works. */
  readonly works: boolean
  /** Attempts that failed at provider one. */
  readonly failed: number
  /** Some failed at provider one, and then one worked there. */
  readonly recovered: boolean
  /** Several keys of provider one failed alike, and none worked. */
  readonly shared: boolean
}

function expectedOf({ row, scene }: FailedCell): Expected {
  const attempts = WAYS[row.way][scene]
  const last = attempts.at(-1)
  const recovered = attempts.length > FAILING[scene]
  const works = recovered || (scene === 'elsewhere' && last === 'two')
  const atOne = attempts.filter(provider => provider === 'one').length
  const failed = recovered ? atOne - 1 : atOne
  const shared = isKeys(row) && failed > 1 && !recovered
  return { attempts, works, failed, recovered, shared }
}

/** Asserts everything that the row says of an exchange in which nothing was relayed at first. */
export function expectFailed(cell: FailedCell, seen: Seen): void {
  const expected = expectedOf(cell)
  expectRequests(cell, seen, expected)
  if (expected.works) expectGood(cell, seen)
  else expectGivenUp(cell, seen, expected)
  expectRecord(cell, seen, expected)
  expectKeys(cell, seen, expected)
  expectProvider(cell, seen, expected)
  expectPauses(cell, seen, expected)
}

function expectRequests({ row }: FailedCell, seen: Seen, { attempts }: Expected) {
  const two = attempts.filter(provider => provider === 'two').length
  const reached = row.origin === undefined ? attempts.length - two : 0
  expect(seen.requests).toEqual([reached, two])
  expect(seen.answer?.headers).toMatchObject({
    'x-balance-attempts': String(attempts.length),
    'x-balance-provider': attempts.at(-1),
  })
}

function expectGood({ speech, stream }: FailedCell, { answer }: Seen) {
  expect([answer?.status, answer?.cut]).toEqual([200, false])
  expect(answer?.text).toBe(goodText(speech, stream))
  expect(answer?.headers).not.toHaveProperty('x-should-retry')
}

function expectGivenUp(cell: FailedCell, seen: Seen, { attempts }: Expected) {
  const answer = seen.answer as Answer
  const { row, speech } = cell
  expect(answer.cut).toBe(false)
  expect(answer.text).not.toContain(speech.terminator)
  if (row.answer === 'relayed') {
    expect(answer.status).toBe(row.status)
    expect(answer.text).toBe(row.body?.(speech).replaceAll(KEY, MASKED))
    const repeated = TRANSIENT.includes(row.fault) && attempts.length > 1
    const advised = answer.headers['x-should-retry'] ?? answer.headers['retry-after']
    if (repeated) expect(advised).toBeDefined()
    return
  }
  const [status, code] = row.answer
  expect(answer.status).toBe(status)
  expect(answer.headers['content-type']).toBe('application/json')
  const hopeless = HOPELESS.includes(code) && answer.headers['retry-after'] === undefined
  expect(answer.headers['x-should-retry']).toBe(hopeless ? 'false' : undefined)
  if (typeof row.rest === 'number' && row.fault === 'rate')
    expect(answer.headers['retry-after']).toBe(String(row.rest / 1_000))
  speech.expectError(answer.text, status, code)
}

function expectRecord(cell: FailedCell, { record }: Seen, { attempts, works }: Expected) {
  const { row, speech, stream } = cell
  const ours = row.answer === 'relayed' ? null : row.answer
  const code = row.code(speech)
  const written = typeof code === 'string' ? code : expect.stringMatching(code)
  expect(record).toMatchObject({
    status: works ? 200 : (ours?.[0] ?? row.status),
    outcome: works ? 'ok' : row.fault,
    errorCode: works ? null : (ours?.[1] ?? written),
    attempts: attempts.length,
    stream,
    model: MODEL,
    provider: attempts.at(-1),
  })
  const failed = works ? attempts.slice(0, -1) : attempts
  expect(record.failures).toEqual(
    failed.map((provider, at) =>
      expect.objectContaining({
        attempt: at + 1,
        provider,
        status: row.status,
        fault: row.fault,
        code: written,
        model: MODEL,
      }),
    ),
  )
}

const UNMARKED = { failures: 0, invalid: null, exhausted: null, cooling: {} }

/** A mark stands where its provider worked with another key, or no other key shared its fate. */
function expectKeys({ row, scene }: FailedCell, { keys }: Seen, { failed, shared }: Expected) {
  const ofOne = isKeys(row) && !shared ? ['a', 'b', 'c'].slice(0, failed) : []
  const marked = isKeys(row) && scene === 'nowhere' ? [...ofOne, 'z'] : ofOne
  for (const [id, memory] of keys) {
    expect(memory).toMatchObject(marked.includes(id) ? markOf(row) : UNMARKED)
  }
}

/** What the row's fault leaves on a key. */
export function markOf({ fault, rest = 0 }: FailedRow) {
  const remaining =
    typeof rest === 'number'
      ? rest
      : expect.toSatisfy((ms: number) => ms >= rest[0] && ms <= rest[1])
  if (fault === 'auth') return { ...UNMARKED, failures: 1 }
  if (fault === 'quota') return { ...UNMARKED, exhausted: { kind: 'exhausted', remaining } }
  return { ...UNMARKED, cooling: { [MODEL]: { kind: 'cooling', remaining } } }
}

/** What keys have in common is charged once to their provider; its own failures each, until it works. */
function expectProvider({ row }: FailedCell, seen: Seen, { failed, recovered, shared }: Expected) {
  const opens = shared && row.fault === 'auth'
  expect(seen.open).toEqual(opens ? { '*': 'open' } : {})
  if (opens) return
  if (row.fault === 'provider') expect(seen.charged).toBe(recovered ? 0 : failed)
  else expect(seen.charged).toBe(shared && row.fault !== 'model' ? 1 : 0)
}

/** Only where every provider failed already is one given time. */
function expectPauses({ row }: FailedCell, { pauses }: Seen, { attempts }: Expected) {
  const patient = row.fault === 'provider' || row.way === 'sameProvider'
  const again = attempts.filter((provider, at) => attempts.slice(0, at).includes(provider))
  expect(pauses).toHaveLength(patient ? again.length : 0)
  for (const ms of pauses) {
    if (row.pause === undefined) expect(ms).toBeLessThanOrEqual(200)
    else expect(ms).toBe(row.pause)
  }
}

/** Faults after which the client's own retries would only multiply ours. */
const TRANSIENT: readonly string[] = ['rate', 'provider']

function isKeys({ fault }: FailedRow): boolean {
  return fault === 'auth' || fault === 'quota' || fault === 'rate' || fault === 'model'
}

const MASKED = mask('sk-a-0123456789abcdef')
