import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import { beforeEach, describe, expect, it } from 'vitest'
import { Downflow } from '../../src/upstream/downflow.ts'
import { Flows } from '../../src/upstream/flows.ts'
import { ManualClock } from '../support/manual-clock.ts'

const PIECE = Buffer.alloc(65_536)
const IN_ONE_TURN = 16

/** A flow between an upstream and a client that the test plays. */
class Played {
  readonly flow: Downflow
  readonly client = new EventEmitter()
  /** What the client says to the next writes. */
  takes = true
  paused = false
  resumed = 0

  constructor(all: Flows) {
    const write = () => this.takes
    this.flow = new Downflow(
      Object.assign(this.client, { write }) as unknown as ServerResponse,
      all,
    )
    this.flow.from({
      pause: () => {
        this.paused = true
      },
      resume: () => {
        this.paused = false
        this.resumed++
      },
    } as unknown as Dispatcher.DispatchController)
  }
}

describe('what goes down', () => {
  let clock: ManualClock
  let all: Flows
  const turn = () => new Promise(resolve => setImmediate(resolve))
  const played = (count: number) => Array.from({ length: count }, () => new Played(all))
  const goOn = (some: readonly Played[]) => some.filter(({ paused }) => !paused).length

  beforeEach(() => {
    clock = new ManualClock()
    all = new Flows(clock)
  })

  it('goes in pieces where it is large, so many in one turn, all downloads alike', async () => {
    const some = played(40)
    for (const { flow } of some) flow.write(PIECE)
    const counts = [goOn(some)]
    await turn()
    counts.push(goOn(some))
    // Who has had its turn waits behind all others for the next.
    for (const { flow } of some.slice(0, 10)) flow.write(PIECE)
    counts.push(goOn(some))
    await turn()
    counts.push(goOn(some))
    await turn()
    counts.push(goOn(some))
    expect(counts).toEqual([16, 32, 22, 38, 40])
  })

  it('goes a piece in a turn while callers come that have no connection', async () => {
    const some = played(8)
    all.hurry()
    for (const { flow } of some) flow.write(PIECE)
    expect(goOn(some)).toBe(1)
    all.hurry()
    await turn()
    expect(goOn(some)).toBe(2)
    await turn()
    expect(goOn(some)).toBe(8)
  })

  it('waits for no turn where it comes as slowly as somebody reads', () => {
    const [slow] = played(1)
    for (const { flow } of played(2 * IN_ONE_TURN)) flow.write(PIECE)
    for (let n = 0; n < 600; n++) {
      slow?.flow.write(PIECE.subarray(0, 512))
      clock.advance(1)
    }
    expect([slow?.paused, slow?.flow.bytes]).toEqual([false, 600 * 512])
  })

  it('waits for a client that does not read, and for its turn', async () => {
    const [slow] = played(1)
    const others = played(2 * IN_ONE_TURN)
    if (slow === undefined) return
    for (const { flow } of others) flow.write(PIECE)
    slow.takes = false
    slow.flow.write(PIECE)
    expect([slow.paused, slow.flow.stalled]).toEqual([true, true])
    slow.client.emit('drain')
    expect([slow.paused, slow.flow.stalled]).toEqual([true, false])
    await turn()
    expect([slow.paused, goOn(others)]).toEqual([true, 2 * IN_ONE_TURN])
    await turn()
    expect([slow.paused, slow.resumed]).toEqual([false, 1])
  })

  it('does not go on in its turn while its client does not read', async () => {
    const [slow] = played(1)
    for (const { flow } of played(IN_ONE_TURN)) flow.write(PIECE)
    slow?.flow.write(PIECE)
    if (slow) slow.takes = false
    slow?.flow.write(PIECE)
    await turn()
    expect(slow?.paused).toBe(true)
    slow?.client.emit('drain')
    expect(slow?.paused).toBe(false)
  })

  it('is not gone on with where nothing more is wanted', async () => {
    const [left] = played(1)
    for (const { flow } of played(IN_ONE_TURN)) flow.write(PIECE)
    left?.flow.write(PIECE)
    if (left) left.flow.over = true
    await turn()
    expect(left?.resumed).toBe(0)
  })
})
