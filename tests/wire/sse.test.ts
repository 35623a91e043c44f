import fc from 'fast-check'
import { _iterSSEMessages } from 'openai/streaming'
import { describe, expect, it } from 'vitest'
import { EventScan, LONGEST_EVENT } from '../../src/wire/sse.ts'
import { count } from '../support/count.ts'
import { cut, cuts, singleBytes } from './chunks.ts'

interface Event {
  readonly name: string
  readonly data: string
}

function events(chunks: readonly Buffer[], ended = false): Event[] {
  const scan = new EventScan()
  const found: Event[] = []
  const drain = () => {
    while (scan.next()) found.push({ name: scan.name, data: scan.data.toString() })
  }
  for (const chunk of chunks) {
    scan.push(chunk)
    drain()
  }
  if (ended) {
    scan.end()
    drain()
  }
  return found
}

/** WHATWG HTML §9.2.6, line by line on the whole text. */
function reference(text: string): Event[] {
  const found: Event[] = []
  let name = ''
  let data: string[] = []
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/)
  lines.pop()
  for (const line of lines) {
    if (line === '') {
      if (data.join('\n') !== '') found.push({ name, data: data.join('\n') })
      name = ''
      data = []
      continue
    }
    const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/su.exec(line) ?? []
    if (field === 'data') data.push(value)
    else if (field === 'event') name = value
  }
  return found
}

async function sdkEvents(chunks: readonly Buffer[]): Promise<Event[]> {
  const body = new Blob([Buffer.concat(chunks)]).stream()
  const found: Event[] = []
  for await (const { event, data } of _iterSSEMessages(new Response(body), new AbortController())) {
    if (data !== '') found.push({ name: event ?? '', data })
  }
  return found
}

const ending = fc.constantFrom('\n', '\r\n', '\r')
const text = fc.stringMatching(/^[ -~é😀:]{0,12}$/u)
const line = fc.oneof(
  { weight: 4, arbitrary: text.map(value => `data: ${value}`) },
  { weight: 2, arbitrary: text.map(value => `data:${value}`) },
  { weight: 2, arbitrary: text.map(value => `event: ${value}`) },
  text.map(value => `:${value}`),
  text,
  fc.constantFrom(
    'data',
    'event',
    'datax: 1',
    'events: 1',
    'id: 7',
    'retry: 1',
    ' data: no',
    'data: [DONE]',
  ),
  { weight: 4, arbitrary: fc.constant('') },
)
const stream = fc
  .tuple(fc.boolean(), fc.array(fc.tuple(line, ending), { maxLength: 20 }))
  .map(([mark, lines]) => (mark ? '\ufeff' : '') + lines.map(parts => parts.join('')).join(''))

describe('EventScan', () => {
  it('finds what the standard says, however the bytes are cut', () => {
    fc.assert(
      fc.property(stream, cuts, (given, at) => {
        const bytes = Buffer.from(given)
        const expected = reference(given)
        expect(events([bytes])).toEqual(expected)
        expect(events(cut(bytes, at))).toEqual(expected)
        expect(events(singleBytes(bytes))).toEqual(expected)
      }),
      { numRuns: count(3_000, 200_000) },
    )
  })

  it("agrees with the official client's decoder on streams of one line ending", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 20 }), ending, cuts, async (lines, end, at) => {
        const bytes = Buffer.from(lines.map(each => each + end).join('') + end + end)
        expect(events(cut(bytes, at))).toEqual(await sdkEvents([bytes]))
      }),
      { numRuns: 400 },
    )
  })

  it('reports an event that the end cut off, whatever is missing of it', () => {
    for (const given of ['data: a', 'data: a\n', 'data: a\r', 'data: a\r\n', 'data: a\r\n\r']) {
      expect(events(singleBytes(Buffer.from(given)), true)).toEqual([{ name: '', data: 'a' }])
    }
    expect(events([Buffer.from('data: a\n\n')], true)).toHaveLength(1)
    expect(events([], true)).toEqual([])
  })

  it('does not copy an event that lies in one chunk', () => {
    const chunk = Buffer.from('data: {"a":1}\n\ndata: {"b":2}\n\n')
    const scan = new EventScan()
    scan.push(chunk)
    while (scan.next()) expect(scan.data.buffer).toBe(chunk.buffer)
  })

  it('looks into events up to its limit, steps over larger ones, and goes on', () => {
    const fits = 'x'.repeat(LONGEST_EVENT - 'data: \n'.length)
    const bytes = Buffer.from(`data: ${fits}\n\ndata: ${fits}y\n\nevent: e\ndata: next\n\n`)
    for (const chunks of [[bytes], cut(bytes, [0.1, 0.5, 0.7, 0.99999])]) {
      const scan = new EventScan()
      const seen: [number, boolean, string][] = []
      for (const chunk of chunks) {
        scan.push(chunk)
        while (scan.next()) seen.push([scan.data.length, scan.oversized, scan.name])
      }
      expect(seen).toEqual([
        [fits.length, false, ''],
        [0, true, ''],
        [4, false, 'e'],
      ])
    }
  })

  it.each([
    ['no line end', 'x', 100],
    ['data lines without a blank one', 'data: x\n', 400],
    ['lines of nothing but CR and a name', 'data\r', 400],
  ])('takes time in proportion to 8 MB in 1 KB chunks: %s', (_, line, milliseconds) => {
    const megabytes = 8 * 1_048_576
    const parts = Array.from({ length: 8_192 }, (_, i) => i / 8_192)
    const chunks = cut(Buffer.from(line.repeat(megabytes / line.length)), parts)
    const began = process.cpuUsage()
    events(chunks)
    const { user, system } = process.cpuUsage(began)
    expect((user + system) / 1_000).toBeLessThan(milliseconds)
  })
})
