import type { Headers } from '../model/dialect.ts'
import { NOBODY } from '../model/object.ts'
import type { Treatment } from '../upstream/guide.ts'
import type { Relay } from '../upstream/relay.ts'
import { isReadable } from '../wire/content-coding.ts'
import { ObjectTap } from '../wire/object-tap.ts'
import type { ObjectUse } from '../wire/objects.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'

/** Whether the answer must come in no content coding, for it is read here on its way. */
export function needsPlain({ endpoint, objects, request, body }: Exchange): boolean {
  if (endpoint.generate) return true
  if (objects === null || !readsObjects({ objects, body })) return false
  return !isReadable(request.headers['accept-encoding'] as string | undefined)
}

/**
 * How an answer is treated, with an eye on what a good one says of objects: this is known to all before the
 * client has read it.
 */
export function watchObjects(
  exchange: Exchange,
  { objects: known }: Gateway,
  relay: Relay,
  treatment: Treatment,
  headers: Headers,
): Treatment {
  const { objects, provider, keyId } = exchange
  if (objects === null || relay.status >= 300) return treatment
  if (provider === null || keyId === null) return treatment
  const maker = { providerId: provider.id, keyId, tokenId: makerOf(exchange) }
  const waitFor = (told: Promise<void> | null) => {
    if (told !== null) relay.wait(told)
  }
  if (objects.deletes !== null) waitFor(known.gone({ ...maker, id: objects.deletes }))
  if (!readsObjects(exchange)) return treatment
  const tell = (ids: readonly string[]) => waitFor(known.made(ids, maker))
  return watched(treatment, headers, objects, tell)
}

/** What comes of an object is its maker's, whoever asks: the files that a batch has put out, a thread's run. */
function makerOf({ objects, pin, token }: Exchange): string {
  const ofAnother = objects !== null && objects.ids.length > 0
  return ofAnother ? (pin?.tokenId ?? NOBODY) : (token?.id ?? '')
}

/** Whether the answer to this request tells of objects. */
function readsObjects({ objects, body }: Pick<Exchange, 'objects' | 'body'>): boolean {
  const makes = objects?.makes ?? 'no'
  if (makes === 'yes' || makes === 'no') return makes === 'yes'
  const store = body?.scan?.store ?? null
  return store ?? makes === 'unasked'
}

function watched(
  { handling, tap }: Treatment,
  headers: Headers,
  { gemini, makes }: ObjectUse,
  tell: (ids: readonly string[]) => void,
): Treatment {
  const type = headers['content-type'] ?? ''
  const events = type.startsWith('text/event-stream')
  if (handling === 'judge' || handling === 'sniff' || !(events || type.includes('json'))) {
    return { handling, tap }
  }
  const said = headers['content-encoding'] ?? 'identity'
  const coding = said === 'identity' ? null : said
  return {
    handling,
    tap: new ObjectTap(tap, { events, gemini, coding, one: makes !== 'yes' }, tell),
  }
}
