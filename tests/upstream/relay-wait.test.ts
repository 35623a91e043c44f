import type { ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Flows } from '../../src/upstream/flows.ts'
import type { Ending, Guide, Treatment } from '../../src/upstream/guide.ts'
import { Relay } from '../../src/upstream/relay.ts'

const PASSED: Treatment = { handling: 'pass', tap: null }

/** A relay between an upstream and a client that the test plays. */
function relaying() {
  const down: string[] = []
  const endings: Ending[] = []
  const upstream: string[] = []
  const controller = {
    rawHeaders: [],
    pause: () => upstream.push('pause'),
    resume: () => upstream.push('resume'),
    abort: () => upstream.push('abort'),
  } as unknown as Dispatcher.DispatchController
  const client = {
    write: (chunk: Buffer) => down.push(chunk.toString()) > 0,
    end: (text = '') => down.push(`${text}|`),
    on: () => {},
  } as unknown as ServerResponse
  const guide: Guide = {
    onHead: () => PASSED,
    onFirst: () => PASSED,
    onCommit: () => {},
    mask: chunk => chunk,
    onToken: () => {},
    onEnd: (_, ending) => void endings.push(ending),
  }
  const relay = new Relay(guide, client, new Flows(systemClock))
  relay.onRequestStart(controller)
  relay.onResponseStart(controller, 200, {})
  const data = (text: string) => relay.onResponseData(controller, Buffer.from(text))
  return { relay, data, down, endings, upstream, controller }
}

/** A promise, and what resolves it. */
function promised() {
  let resolve = () => {}
  const promise = new Promise<void>(done => {
    resolve = done
  })
  return { promise, resolve, turn: () => new Promise(setImmediate) }
}

describe('a relay that waits', () => {
  it('keeps what comes, and the end, until all that it waits for has happened', async () => {
    const { relay, data, down, endings, upstream } = relaying()
    const [one, two] = [promised(), promised()]
    data('a')
    relay.wait(one.promise)
    data('b')
    relay.wait(two.promise)
    data('c')
    relay.onResponseEnd()
    one.resolve()
    await one.turn()
    expect([down, endings]).toEqual([['a'], []])
    two.resolve()
    await two.turn()
    expect([down, endings]).toEqual([['a', 'b', 'c', '|'], ['complete']])
    expect(upstream).toEqual(['pause', 'pause', 'resume'])
  })

  it('is over when the client leaves meanwhile, or the upstream breaks off', async () => {
    const left = relaying()
    const gone = promised()
    left.relay.wait(gone.promise)
    left.data('a')
    left.relay.leave()
    const broken = relaying()
    broken.relay.wait(gone.promise)
    broken.data('a')
    broken.relay.onResponseError(broken.controller, new Error('reset'))
    gone.resolve()
    await gone.turn()
    expect([left.down, left.endings]).toEqual([[], ['gone']])
    expect([broken.down, broken.endings]).toEqual([[], ['broken']])
  })

  it('is complete where the upstream’s connection breaks after the end of its answer', async () => {
    const { relay, data, down, endings, controller } = relaying()
    const told = promised()
    relay.wait(told.promise)
    data('a')
    relay.onResponseEnd()
    relay.onResponseError(controller, new Error('reset'))
    told.resolve()
    await told.turn()
    expect([down, endings]).toEqual([['a', '|'], ['complete']])
  })
})
