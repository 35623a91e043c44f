import { expect, it } from 'vitest'
import { Pulse } from '../../src/daemon/pulse.ts'
import type { Readiness } from '../../src/model/readiness.ts'
import { ManualClock } from '../support/manual-clock.ts'

it('a pulse tells how the owner does at its start and whenever that has changed', () => {
  const clock = new ManualClock()
  const told: number[] = []
  let waiting = 0
  const read = (): Readiness => ({
    store: { ok: true, error: null },
    records: { waiting, dropped: 0 },
    pending: null,
  })
  const pulse = new Pulse({ clock, read, tell: ({ records }) => told.push(records.waiting) })
  clock.advance(1_000)
  waiting = 5
  clock.advance(250)
  clock.advance(1_000)
  expect(told).toEqual([0, 5])
  pulse.stop()
  waiting = 6
  clock.advance(1_000)
  expect(told).toEqual([0, 5])
})
