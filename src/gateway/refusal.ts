import type { Relay } from '../upstream/relay.ts'
import { unpacked } from '../wire/coding.ts'

const READ = new WeakMap<Relay, Buffer | null>()

/**
 * What an upstream says in an answer that is held, as it can be read; null where it can't. It is looked
 * at to be judged, to be written down and to be masked, and unpacked once for all three.
 */
export function wordsOf(relay: Relay): Buffer | null {
  const known = READ.get(relay)
  if (known !== undefined) return known
  const words = unpacked(Buffer.concat(relay.held), relay.headers['content-encoding'] ?? '')
  READ.set(relay, words)
  return words
}
