/** A recorded stream cut behind each blank line, byte for byte; an unfinished event is the last one. */
export function splitEvents(stream: Buffer): Buffer[] {
  const events: Buffer[] = []
  let begin = 0
  for (const blank of stream.toString('latin1').matchAll(/\r\n\r\n|\n\n|\r\r/g)) {
    const end = blank.index + blank[0].length
    events.push(stream.subarray(begin, end))
    begin = end
  }
  if (begin < stream.length) events.push(stream.subarray(begin))
  return events
}
