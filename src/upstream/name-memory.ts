import { lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { type Clock, systemClock } from '../base/clock.ts'

/** For so long addresses are used after the last time that somebody knew them. */
const LONGEST_MS = 600_000
/** Names that are remembered at once; there are as many as providers have hosts. */
const MOST_NAMES = 1_024

interface Known {
  readonly addresses: Parameters<Parameters<LookupFunction>[2]>[1]
  readonly family: number | undefined
  readonly at: number
}

/**
 * Looks names up as Node does, but for a name server that does not answer (`EAI_AGAIN`): then the
 * addresses stand that it gave last, for up to ten minutes. That there is no such name is believed.
 */
export function rememberingLookup(
  clock: Clock = systemClock,
  lookup: LookupFunction = systemLookup as LookupFunction,
): LookupFunction {
  const names = new Map<string, Known>()
  return (hostname, options, callback) => {
    const name = `${hostname} ${options.family} ${options.all}`
    lookup(hostname, options, (error, addresses, family) => {
      if (error === null) {
        if (names.size >= MOST_NAMES) names.clear()
        names.set(name, { addresses, family, at: clock.now() })
      }
      const known = error?.code === 'EAI_AGAIN' ? names.get(name) : undefined
      if (known === undefined || clock.now() - known.at > LONGEST_MS) {
        callback(error, addresses, family)
      } else callback(null, known.addresses, known.family)
    })
  }
}
