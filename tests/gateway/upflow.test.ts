import type { IncomingMessage } from 'node:http'
import { beforeEach, describe, expect, it } from 'vitest'
import { Upflow } from '../../src/gateway/upflow.ts'
import { Flows } from '../../src/upstream/flows.ts'
import { ManualClock } from '../support/manual-clock.ts'

const PIECE = 65_536
const IN_ONE_TURN = 16

describe('what comes', () => {
  let all: Flows
  const turn = () => new Promise(resolve => setImmediate(resolve))

  /** A request that the test plays, and how its body flows. */
  function coming() {
    const request = {
      paused: false,
      pause() {
        this.paused = true
      },
      resume() {
        this.paused = false
      },
    }
    return { request, flow: new Upflow(request as unknown as IncomingMessage, all) }
  }

  beforeEach(() => {
    all = new Flows(new ManualClock())
    for (let n = 0; n < IN_ONE_TURN; n++) coming().flow.took(PIECE)
  })

  it('goes in pieces where it is large, in turns with all others', async () => {
    const { request, flow } = coming()
    flow.took(PIECE - 1)
    expect(request.paused).toBe(false)
    flow.took(1)
    expect(request.paused).toBe(true)
    await turn()
    expect(request.paused).toBe(false)
  })

  it('does not go on in its turn where no more is wanted yet', async () => {
    const { request, flow } = coming()
    flow.took(PIECE)
    flow.pause()
    await turn()
    expect(request.paused).toBe(true)
    flow.resume()
    expect(request.paused).toBe(false)
  })

  it('does not go on before its turn where more is wanted', async () => {
    const { request, flow } = coming()
    flow.took(PIECE)
    flow.resume()
    expect(request.paused).toBe(true)
    await turn()
    expect(request.paused).toBe(false)
  })
})
