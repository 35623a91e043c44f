import { reportReady } from './child.ts'
import { type Spread, spread } from './figures.ts'
import { measureSelect, type Selecting } from './select.ts'
import { body, requestBody } from './traffic.ts'

/** What is measured without a gateway, on the core that contenders run on. */
export type YardstickOrder =
  | { readonly parse: number }
  | { readonly select: { readonly times: number; readonly rounds: number } }

export type Yardstick = { readonly parse: Spread } | { readonly select: Selecting }

export function runYardstick(): void {
  process.on('message', (order: YardstickOrder) => {
    const found: Yardstick =
      'parse' in order
        ? { parse: measureParse(order.parse) }
        : { select: measureSelect(order.select.times, order.select.rounds) }
    process.send?.(found)
  })
  reportReady(0)
}

const PARSES_A_ROUND = 10
const TWO_MEGABYTES = 2_000_000

/** CPU of one JSON.parse of a body of 2 MB that is a string already, µs. */
function measureParse(rounds: number): Spread {
  const text = requestBody(body(TWO_MEGABYTES, false))
  JSON.parse(text)
  return spread(Array.from({ length: rounds }, () => parseAll(text)))
}

function parseAll(text: string): number {
  const before = process.cpuUsage()
  for (let n = 0; n < PARSES_A_ROUND; n++) JSON.parse(text)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / PARSES_A_ROUND
}
