import { randomUUID } from 'node:crypto'

/** How many numbers one millisecond has. */
const NUMBERS = 0x1000

/** This process's part of its ids: 62 random bits, so that no other process gives the same. */
const OURS = randomUUID().slice(18)

let time = 0
let prefix = ''
let number = 0

/**
 * A new request id: a UUID of version 7 with a counter (RFC 9562 §5.7, §6.2 method 1). They ascend,
 * so the store's index of them grows at its end; random ones would touch a page each.
 * @param wall milliseconds since the epoch
 */
export function newRequestId(wall: number): string {
  if (wall > time) begin(wall)
  // A clock that was set back, or a full millisecond, borrows from the time to come.
  else if (++number === NUMBERS) begin(time + 1)
  return prefix + (NUMBERS + number).toString(16).slice(1) + OURS
}

function begin(ms: number): void {
  time = ms
  number = 0
  const hex = ms.toString(16).padStart(12, '0')
  prefix = `${hex.slice(0, 8)}-${hex.slice(8)}-7`
}
