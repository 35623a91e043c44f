import type { FailedRow, Way } from '../row.ts'
import { REFUSED_KEYS } from './refused-key.ts'
import { STATUS } from './status.ts'
import { TRANSPORT } from './transport.ts'

/**
 * Failures of requests that would act twice (batches, files, …), by the ids of other rows: what may
 * have acted is not sent again, a key that was refused has not acted.
 */
const WAY: Readonly<Record<string, Way>> = {
  refused: 'again',
  'self-signed': 'otherProvider',
  'no-host': 'otherProvider',
  closed: 'never',
  reset: 'never',
  silent: 'never',
  junk: 'never',
  '500': 'never',
  '503': 'never',
  '529': 'never',
  '408': 'never',
  '302': 'never',
  '400': 'never',
  '401': 'eachKey',
  '402': 'eachKey',
  '429-until': 'rated',
  '429-money': 'eachKey',
}

export const STATEFUL: readonly FailedRow[] = [...TRANSPORT, ...REFUSED_KEYS, ...STATUS].flatMap(
  row => {
    const way = WAY[row.id]
    return way === undefined ? [] : { ...row, way, stream: false }
  },
)
