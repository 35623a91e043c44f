import { systemClock } from '../base/clock.ts'
import { reportReady } from './child.ts'
import { Client } from './client.ts'

/** How long a contender kept a small question waiting, ms. */
export interface Waited {
  readonly longest: number
  readonly asked: number
}

/** `port`: begin asking there; `tell`: what was seen since the last time. */
export type ProbeOrder = { readonly port: number; readonly path: string } | { readonly tell: true }

/**
 * A process that asks a health path over one connection every millisecond, or as soon as the last
 * answer has come: the longest answer is the longest that the other's event loop was held.
 */
export function runProbe(): void {
  let longest = 0
  let asked = 0
  const begin = (port: number, path: string) => {
    const request = Buffer.from(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`)
    let askedAt = 0
    const ask = () => {
      askedAt = systemClock.now()
      client.ask()
    }
    const client = new Client(port, request, {
      begun: () => {},
      answered: () => {
        longest = Math.max(longest, systemClock.now() - askedAt)
        asked++
        systemClock.after(1, ask)
      },
      failed: error => {
        process.stderr.write(`probe: ${error.message}\n`)
        process.exit(1)
      },
    })
    ask()
  }
  process.on('message', (order: ProbeOrder) => {
    if ('port' in order) begin(order.port, order.path)
    process.send?.({ longest, asked } satisfies Waited)
    longest = 0
    asked = 0
  })
  reportReady(0)
}
