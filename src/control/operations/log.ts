import * as z from 'zod'
import { STATS_GROUPS } from '../../model/record.ts'
import { logFilter, moment, page, text } from '../fields.ts'
import { read } from '../operation.ts'
import type { ExchangeShape, FailureShape } from '../shapes/exchange.ts'
import type { StatsShape } from '../shapes/stats.ts'
import type { TryShape } from '../shapes/try.ts'

/** One request, its failed attempts, and all attempts in order. */
export interface RequestShape {
  readonly exchange: ExchangeShape
  readonly failures: readonly FailureShape[]
  readonly tries: readonly TryShape[]
}

export const LOG = {
  /** Newest first. */
  'requests.list': read<readonly ExchangeShape[]>()(z.strictObject({ ...logFilter, ...page })),
  /** By its number, or its request id. */
  'requests.show': read<RequestShape>()(z.strictObject({ id: text })),
  /** Failed attempts, newest first. */
  'errors.list': read<readonly FailureShape[]>()(z.strictObject({ ...logFilter, ...page })),
  /** Whole hours, the first one included. */
  stats: read<readonly StatsShape[]>()(
    z.strictObject({
      by: z.enum(STATS_GROUPS).default('provider'),
      since: moment.default('24h'),
      until: moment.exactOptional(),
    }),
  ),
}
