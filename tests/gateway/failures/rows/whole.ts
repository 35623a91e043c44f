import type { BegunRow } from '../row.ts'
import { goodText, type Speech } from '../speech.ts'
import { answers, begins, last, part, pieces, resets, sends, stalls } from '../steps.ts'
import { broken, EVENTS, whole } from './begun.ts'

/** What is unusual, and an answer all the same. */
const STREAMS: readonly BegunRow[] = [
  shaped('crlf', 'ends lines with CRLF', text => text.replaceAll('\n', '\r\n')),
  shaped('cr', 'ends lines with CR', text => text.replaceAll('\n', '\r')),
  shaped('no-space', 'puts no space after `data:`', text => text.replaceAll('data: ', 'data:')),
  shaped('many-lines', 'spreads the data of an event over several lines', text =>
    text.replaceAll(/^data: \{/gm, 'data: {\ndata: '),
  ),
  shaped('bom', 'begins with a byte order mark', text => `\ufeff${text}`),
  shaped('comments', 'has comments between the events', text =>
    text.replaceAll(/^(?=data|event)/gm, ': hm\n'),
  ),
  shaped('no-blank-line', 'leaves out the last blank line', text => text.trimEnd()),
  shaped('large-event', 'sends an event of 1 MiB', large),
  {
    ...whole('one-byte', 'sends single bytes, so that characters are split'),
    stream: true,
    script: speech => [begins(200, EVENTS), pieces(goodText(speech, true), 1), last],
  },
  {
    ...whole('seven-bytes', 'sends pieces of seven bytes'),
    stream: true,
    script: speech => [begins(200, EVENTS), pieces(goodText(speech, true), 7), last],
  },
  {
    ...whole('after-done', 'goes on after the terminator'),
    dialects: ['chat', 'messages'],
    stream: true,
    script: speech => [
      begins(200, EVENTS),
      part(goodText(speech, true)),
      part('data: {"more":1}\n\n'),
      stalls,
    ],
    during: 0,
    client: 'all up to the terminator; the upstream’s connection is destroyed',
    hangsUp: true,
  },
  {
    ...whole('done-reset', 'resets the connection after the terminator'),
    stream: true,
    script: speech => [begins(200, EVENTS), part(goodText(speech, true)), stalls, resets],
    during: 0,
  },
  {
    ...whole('done-open', 'keeps its connection open after the terminator'),
    stream: true,
    script: speech => [begins(200, EVENTS), part(goodText(speech, true)), stalls],
    during: 120_000,
    hangsUp: true,
  },
  ...(['text/plain', 'application/octet-stream', null] as const).map(
    (type): BegunRow => ({
      ...whole(`vague-${type}`, `sends the stream as ${type ?? 'nothing in particular'}`),
      stream: true,
      script: speech => [begins(200, type), part(goodText(speech, true)), last],
    }),
  ),
  {
    ...whole('json-for-stream', 'answers a stream’s request with JSON'),
    stream: true,
    script: ({ document }) => answers(200, 'application/json', document),
    relayed: ({ document }) => document,
  },
]

/** Documents; each is relayed whole, or told to be broken. */
const DOCUMENTS: readonly BegunRow[] = [
  {
    ...whole('json-bom', 'begins its JSON with a byte order mark'),
    stream: false,
    script: ({ document }) => answers(200, 'application/json', `\ufeff${document}`),
    relayed: ({ document }) => `\ufeff${document}`,
  },
  {
    ...whole('json-latin1', 'has bytes in its JSON that are no UTF-8'),
    stream: false,
    script: speech => answers(200, 'application/json; charset=utf-8', latin1(speech)),
    relayed: latin1,
  },
  {
    ...whole('coded', 'codes its answer with gzip, though identity was asked for'),
    script: () => answers(200, 'application/json', CODED, { 'content-encoding': 'gzip' }),
    relayed: () => CODED,
  },
  {
    ...whole('json-large', 'sends JSON of more than 1 MiB'),
    stream: false,
    script: () => answers(200, 'application/json', LARGE),
    relayed: () => LARGE,
  },
  {
    ...broken('json-large-cut', 'resets inside JSON of which more than 1 MiB was relayed'),
    stream: false,
    script: () => [begins(200, 'application/json'), part(LARGE.slice(0, -9)), stalls, resets],
    relayed: () => LARGE.slice(0, -9),
    client: 'what came; the connection is destroyed',
    during: 0,
  },
  {
    ...whole('early-hints', 'sends 103 Early Hints first'),
    script: ({ document }) => [
      sends('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'),
      ...answers(200, 'application/json', document),
    ],
    relayed: ({ document }) => document,
  },
]

export const WHOLE_ANSWERS: readonly BegunRow[] = [...STREAMS, ...DOCUMENTS]

/** A good stream in another shape. */
function shaped(id: string, upstream: string, shape: (text: string) => string): BegunRow {
  return {
    ...whole(id, upstream),
    stream: true,
    script: speech => [begins(200, EVENTS), part(shape(goodText(speech, true))), last],
    relayed: speech => shape(goodText(speech, true)),
  }
}

/** The stream's first meaningful event, with a word of 1 MiB in it. */
function large(text: string): string {
  return text.replace(/H(é|e)llo|Hi/, 'x'.repeat(1_048_576))
}

function latin1({ document }: Speech): Buffer {
  return Buffer.from(document, 'latin1')
}

const CODED = Buffer.from('1f8b08000000000000ff', 'hex')
const LARGE = JSON.stringify({ choices: [{ message: { content: 'x'.repeat(1_100_000) } }] })
