import { BalanceError } from '../base/errors.ts'
import { parsePast } from '../model/moment.ts'
import type { RecordFilter } from '../model/record.ts'
import type { Store } from '../model/store.ts'

/** What the log is asked for, as somebody wrote it. */
export interface FilterOptions {
  readonly provider?: string
  readonly key?: string
  readonly token?: string
  readonly model?: string
  readonly status?: string
  readonly path?: string
  readonly requestId?: string
  readonly since?: string
  readonly until?: string
}

/** A key's id, which may be that of a key long removed. */
const KEY_ID = /^k_\w{10}$/

/** What was typed, checked: a label becomes the key's id, times become wall milliseconds. */
export async function readFilter(
  store: Store,
  options: FilterOptions,
  wall: number,
): Promise<RecordFilter> {
  const { key, status, since, until, provider, token, model, path, requestId } = options
  return {
    ...(provider === undefined ? {} : { provider }),
    ...(token === undefined ? {} : { token }),
    ...(model === undefined ? {} : { model }),
    ...(path === undefined ? {} : { path }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(key === undefined ? {} : { key: await keyId(store, key) }),
    ...(status === undefined ? {} : { status: checkedStatus(status) }),
    ...(since === undefined ? {} : { since: parsePast(since, wall) }),
    ...(until === undefined ? {} : { until: parsePast(until, wall) }),
  }
}

async function keyId(store: Store, given: string): Promise<string> {
  return KEY_ID.test(given) ? given : (await store.key(given)).id
}

function checkedStatus(text: string): string {
  const status = text.toLowerCase()
  if (/^([1-5]\d\d|[1-5]xx|error)$/.test(status)) return status
  throw new BalanceError('invalid_value', `status does not take "${text}".`, {
    hint: 'It takes a status like 429, a class like 5xx, or error (400 and above).',
  })
}
