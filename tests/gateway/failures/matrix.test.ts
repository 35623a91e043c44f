import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Certificate, makeCertificate, trust } from '../../support/certificates.ts'
import { cellsOf, type FailedCell, failedCells } from './cells.ts'
import { expectBegun, expectReused } from './expect-begun.ts'
import { expectFailed } from './expect-failed.ts'
import { expectTold, TELLS } from './expect-told.ts'
import { fakeNames } from './names.ts'
import { FAILING, type FailedRow } from './row.ts'
import { ANSWER } from './rows/answer.ts'
import { BROKEN_OFF } from './rows/broken-off.ts'
import { ENDED } from './rows/ended.ts'
import { REFUSED_KEYS } from './rows/refused-key.ts'
import { REUSE } from './rows/reuse.ts'
import { STATEFUL } from './rows/stateful.ts'
import { STATUS } from './rows/status.ts'
import { TRANSPORT } from './rows/transport.ts'
import { WHOLE_ANSWERS } from './rows/whole.ts'
import { BATCHES, good } from './speech.ts'
import { play, type Seen } from './stage.ts'

const CERTIFICATES = new Map<FailedRow['certificate'], Certificate>()
const undo: (() => void)[] = []

beforeAll(() => {
  const otherName = makeCertificate('other.invalid')
  CERTIFICATES.set('self-signed', makeCertificate('localhost')).set('other-name', otherName)
  undo.push(fakeNames(), trust(otherName))
})

afterAll(() => {
  for (const each of undo) each()
})

const FAILED = failedCells([...TRANSPORT, ...REFUSED_KEYS, ...STATUS, ...ANSWER])
const TOLD = cellsOf(REFUSED_KEYS.filter(({ way }) => way === 'eachKey' || way === 'rated'))
const TWICE = failedCells(STATEFUL, [BATCHES])
const BEGUN = cellsOf([...BROKEN_OFF, ...WHOLE_ANSWERS, ...ENDED])
const REUSED = cellsOf(REUSE)

it('has a cell for every row of the catalogue, dialect and way of asking', () => {
  expect(FAILED.length + TOLD.length + TWICE.length + BEGUN.length + REUSED.length).toBeGreaterThan(
    300,
  )
})

describe('an attempt that fails before a byte was relayed', () => {
  it.concurrent.each(FAILED)('$title', async cell => {
    expectFailed(cell, await playFailed(cell))
  })
})

describe('two keys that fail before a third is told that the request is wrong', () => {
  it.concurrent.each(TOLD)('$title', async cell => {
    const { row, speech, stream } = cell
    const fails = row.script(speech, stream)
    const one = (request: number) => (request < 2 ? fails : TELLS)
    expectTold(cell, await play({ ...row, speech, stream, keys: ['a', 'b', 'c'], one, two: null }))
  })
})

describe('an attempt of a request that would act twice', () => {
  it.concurrent.each(TWICE)('$title', async cell => {
    expectFailed(cell, await playFailed(cell))
  })
})

describe('an answer that was begun', () => {
  it.concurrent.each(BEGUN)('$title', async cell => {
    const { row, speech, stream } = cell
    const keys = ['a', 'b']
    const script = row.script(speech, stream)
    expectBegun(cell, await play({ ...row, speech, stream, keys, one: () => script, two: null }))
  })
})

describe('a connection that was kept', () => {
  it.concurrent.each(REUSED)('$title', async cell => {
    const { row, speech, stream } = cell
    const scripts = [good(speech, false), ...row.scripts(speech, stream)]
    const one = (request: number) => scripts[Math.min(request, scripts.length - 1)] ?? []
    expectReused(
      cell,
      await play({ ...row, speech, stream, keys: ['a', 'b'], one, two: null, warm: true }),
    )
  })
})

function playFailed({ row, speech, stream, scene }: FailedCell): Promise<Seen> {
  const fails = row.script(speech, stream)
  const works = good(speech, stream)
  return play({
    ...row,
    speech,
    stream,
    keys: scene === 'alone' ? ['a'] : ['a', 'b', 'c'],
    one: request => (request < FAILING[scene] ? fails : works),
    two: scene === 'elsewhere' ? () => works : scene === 'nowhere' ? () => fails : null,
    tls: CERTIFICATES.get(row.certificate),
  })
}
