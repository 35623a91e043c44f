import type { ExchangeRecord } from '../../../src/model/record.ts'
import { recordingFor } from './answers.ts'
import type { Play } from './far-side.ts'
import type { Client } from './near-side.ts'
import type { Case, World } from './world.ts'

/** Longer than anything is ever limited for. */
const LONG = 30 * 86_400_000

/** What the gateway adds to a stream that breaks off, at the end of all that came. */
const ERROR_EVENT = /^\n\n(event: error\n)?data: \{[^\n]*"error":\{[^\n]*\}\n\n$/
/** The last words of the four APIs, as an event's name or in its data. */
const LAST = /^(message_stop|response\.(completed|incomplete|failed))$/

/** Something after the event that nothing may follow. */
const MORE = /^data: ?\[DONE\][\s\S]*?(\n\n|\r\r|\n\r)\s*\S/m

/** Everything in a finished world that must not be so, in words. */
export function breaches(world: World): string[] {
  const wrong = [...world.wrongs, ...leaks(world)]
  if (world.records.length !== world.cases.length) wrong.push(`${world.records.length} records`)
  for (const one of world.cases) {
    const records = world.records.filter(({ requestId }) => requestId === one.client.id)
    const [record] = records
    const say = (law: string) => wrong.push(`${one.client.id}: ${law}`)
    for (const misuse of one.client.misuse) say(misuse)
    if (record === undefined || records.length > 1) say(`${records.length} records`)
    else for (const law of [...commitBreaches(one), ...recordBreaches(one, record)]) say(law)
  }
  return wrong
}

function leaks({ leases, pools, clock, gateway, idleTimers }: World): string[] {
  const wrong: string[] = []
  const must = (holds: boolean, law: string) => void (holds || wrong.push(law))
  const later = clock.now() + LONG
  for (const [{ key }, returned] of leases) {
    must(returned === 1, `a lease of ${key.id} was given back ${returned} times`)
    must(key.inFlight === 0, `${key.id} has ${key.inFlight} in flight`)
    must(key.exhausted?.onTrial !== true, `${key.id} is on trial for ever`)
    for (const { onTrial } of key.cooling.values()) must(!onTrial, `${key.id} is on trial for ever`)
  }
  for (const pool of pools) {
    for (const model of ['m', 'm2', 'routed', '']) {
      must(pool.passes(model, later), `a breaker probes ${model} for ever`)
    }
  }
  must(clock.pending === idleTimers, `${clock.pending - idleTimers} timers are left`)
  must(gateway.exchanges.size === 0, `${gateway.exchanges.size} exchanges are left`)
  must(gateway.heldBytes === 0, `${gateway.heldBytes} bytes are held`)
  return wrong
}

function commitBreaches({ client, plays }: Case): string[] {
  const committed = plays.filter(({ relay }) => relay.committed)
  const [play] = committed
  if (committed.length > 1) return ['two attempts were relayed']
  if (play === undefined) return unansweredBreaches(client)
  if (play !== plays.at(-1)) return ['an attempt after one was relayed']
  return relayBreaches(client, play)
}

/** No attempt had an answer: the client gets an error, and never a success. */
function unansweredBreaches(client: Client): string[] {
  const { complete, cut, status } = client
  if (client.isGone) return []
  return complete && !cut && status >= 300 ? [] : [`no answer: ${status} ${complete} ${cut}`]
}

function relayBreaches(client: Client, play: Play): string[] {
  const { relay, answer } = play
  const wrong: string[] = []
  const must = (holds: boolean, law: string) => void (holds || wrong.push(law))
  const sent = play.bytes
  const got = client.body
  const kept = Math.min(got.length, sent.length)
  const added = got.toString('utf8', kept)
  must(got.subarray(0, kept).equals(sent.subarray(0, kept)), 'not the bytes that came')
  must(relay.down.bytes === kept, `${relay.down.bytes} bytes counted of ${kept}`)
  must(client.status === answer?.status, `${client.status} instead of ${answer?.status}`)
  if (client.complete) {
    must(added === '', `something was added to a complete answer: ${added}`)
    if (relay.streams) {
      must(saysItsLast(got.toString()), 'an end that the upstream never said')
      must(!MORE.test(got.toString()), 'what came after the end is passed on')
    } else must(play.ended === 'end', 'an end without one')
    if (kept < sent.length) must(relay.streams && relay.tap?.terminated === true, 'bytes are lost')
  } else if (client.isGone) {
    must(added === '', `added for nobody: ${added}`)
  } else {
    must(client.cut, 'neither complete nor broken off')
    const tells = relay.streams && relay.tap?.failure === null
    // What follows an error event of the upstream's own is no part of its answer.
    must(kept === sent.length || (relay.streams && !tells), 'bytes are lost before the break')
    must(tells ? ERROR_EVENT.test(added) : added === '', `added at the break: ${added}`)
  }
  const isDone = recordingFor(client.question) === null ? play.ended === 'end' : relay.streams
  if (play.isWhole && isDone && !client.isGone)
    must(client.complete, 'a whole answer was broken off')
  return wrong
}

/** Read line by line, as simple clients do. Data that the text ends with must be whole. */
function saysItsLast(text: string): boolean {
  const lines = text.split(/\r\n|\r|\n/)
  let name = ''
  return lines.some((line, n) => {
    const [, field = '', value = ''] = /^(event|data): ?(.*)$/.exec(line) ?? []
    if (field === 'event') name = value
    else if (field === '') name = ''
    if (field !== 'data') return false
    if (value.startsWith('[DONE]') || (LAST.test(name) && n < lines.length - 1)) return true
    try {
      const event = JSON.parse(value)
      return LAST.test(event.type) || typeof event.candidates?.[0]?.finishReason === 'string'
    } catch {
      return false
    }
  })
}

function recordBreaches({ client, plays }: Case, record: ExchangeRecord): string[] {
  const wrong: string[] = []
  const must = (holds: boolean, law: string) => void (holds || wrong.push(law))
  const play = plays.at(-1)
  const relayed = play?.relay.committed === true
  const { status, outcome, attempts, failures, errorCode, bytesOut } = record
  must(attempts === plays.length, `${attempts} attempts of ${plays.length} written down`)
  must(status === client.status || (status === 499 && client.isGone), `status ${status}`)
  if (relayed) must(bytesOut === play.relay.down.bytes, `${bytesOut} bytes written down`)
  const worked = relayed && client.complete && !play.relay.tap?.failure
  if (status !== 499) must((outcome === 'ok') === worked, `outcome ${outcome}`)
  if (outcome !== 'ok') must(errorCode !== null, `${outcome} without a code`)
  const transient = failures.filter(({ fault }) => fault === 'rate' || fault === 'provider')
  must(transient.length <= 3, `${transient.length} attempts for transient faults`)
  const broken = relayed && client.cut && !play.relay.tap?.failure && play.relay.error === null
  if (broken) must(failures.at(-1)?.code === 'truncated', `broken off: ${failures.at(-1)?.code}`)
  return wrong
}
