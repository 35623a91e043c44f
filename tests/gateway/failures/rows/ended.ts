import type { BegunRow } from '../row.ts'
import { begins, floods, part, stalls } from '../steps.ts'
import { beginning, begun, HALF } from './begun.ts'

const GONE = {
  end: 'cut',
  charged: 0,
  during: 'client leaves',
  client: 'nothing more; the upstream is aborted, 499 in the record',
  outcome: 'gone',
  errorCode: 'client_closed',
  code: () => 'client_closed',
  status: 499,
  hangsUp: true,
} as const

/** What somebody else ends: the client, or the gateway's owner. */
export const ENDED: readonly BegunRow[] = [
  {
    ...GONE,
    id: 'left-before',
    upstream: 'is silent when the client leaves',
    script: () => [stalls],
  },
  {
    ...GONE,
    id: 'left-held',
    upstream: 'answered something that is held back when the client leaves',
    script: ({ document }) => [begins(200, 'application/json'), part(document), stalls],
    stream: false,
  },
  {
    ...GONE,
    id: 'left-during',
    upstream: 'streams when the client leaves',
    script: speech => begun(speech, stalls),
    stream: true,
  },
  {
    ...GONE,
    id: 'unread',
    upstream: 'streams on, and the client reads nothing for `write_idle`',
    script: speech => begun(speech, floods(`: ${'x'.repeat(60_000)}\n\n`)),
    stream: true,
    during: 'client does not read',
    client: 'nothing more; both connections are destroyed, 499 in the record',
  },
  {
    ...GONE,
    id: 'shutdown-before',
    upstream: 'is silent when the gateway shuts down',
    script: () => [stalls],
    during: 'shutdown',
    end: 'complete',
    client: '503 `overloaded`',
    event: [503, 'overloaded'],
    relayed: () => '',
    outcome: 'overloaded',
    errorCode: 'overloaded',
    code: () => 'overloaded',
    status: 503,
  },
  {
    ...GONE,
    id: 'shutdown-during',
    upstream: 'streams when the gateway shuts down',
    script: speech => begun(speech, stalls),
    stream: true,
    during: 'shutdown',
    client: HALF,
    event: [503, 'overloaded'],
    relayed: beginning,
    outcome: 'overloaded',
    errorCode: 'overloaded',
    code: () => 'overloaded',
    status: 200,
  },
]
