import type { Dispatcher } from 'undici'
import type { Agents, Dial } from '../../../src/upstream/agents.ts'

export interface Dialled {
  readonly origin: string
  readonly path: string
  readonly headers: readonly string[]
}

const ANSWER = Buffer.from('{"id":"x","object":"chat.completion","choices":[]}')
const IDLE = { abort() {}, pause() {}, resume() {} }

/** Stands in for the connections to upstreams: keeps what would have been sent, and answers at once. */
export class DialRecorder {
  readonly dialled: Dialled[] = []

  get agents(): Agents {
    const make = ({ origin }: Dial) => ({
      dispatch: ({ path, headers }: Dispatcher.DispatchOptions, to: Dispatcher.DispatchHandler) => {
        this.dialled.push({ origin, path, headers: headers as string[] })
        this.#answer(to)
        return true
      },
    })
    return { for: make, fresh: make, retain() {}, async destroy() {} } as unknown as Agents
  }

  take(): Dialled[] {
    return this.dialled.splice(0)
  }

  #answer(to: Dispatcher.DispatchHandler): void {
    const controller = { ...IDLE, rawHeaders: [] } as unknown as Dispatcher.DispatchController
    to.onRequestStart?.(controller, {})
    to.onResponseStart?.(controller, 200, { 'content-type': 'application/json' }, 'OK')
    to.onResponseData?.(controller, ANSWER)
    to.onResponseEnd?.(controller, {})
  }
}
