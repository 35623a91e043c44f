import { channel } from 'node:diagnostics_channel'
import type { Dispatcher } from 'undici'
import type { Clock } from '../../../src/base/clock.ts'
import type { Relay } from '../../../src/upstream/relay.ts'
import { type Answer, answerTo, recordingFor } from './answers.ts'
import { type Dice, oneIn, pick } from './dice.ts'
import type { Client } from './near-side.ts'

/** undici's own words for what goes wrong, and one that nobody has heard of. */
const ERRORS = [
  'UND_ERR_SOCKET',
  'ECONNRESET',
  'ECONNREFUSED',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'HPE_INVALID_CONSTANT',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_HEADERS_OVERFLOW',
  'EMFILE',
  'UND_ERR_INVALID_ARG',
  'EUNHEARD',
]
const SENT = channel('undici:client:sendHeaders')

function failure(dice: Dice): Error {
  const connect = oneIn(dice, 4) ? { syscall: 'connect' } : {}
  return Object.assign(new Error('it broke'), { code: pick(dice, ERRORS), ...connect })
}

/** One attempt as the upstream plays it: a step at a time, each decided by the dice. */
export class Play implements Dispatcher.DispatchController {
  readonly relay: Relay
  readonly client: Client
  aborted = false
  paused = false
  reason: Error | null = null
  rawHeaders: Buffer[] = []
  rawTrailers = null
  /** What reached the relay while it listened. */
  readonly pieces: Buffer[] = []
  answer: Answer | null = null
  /** Bytes of a body. */
  given = 0
  /** How it told its end. */
  ended: 'no' | 'end' | 'error' = 'no'
  /** When it last did something, monotonic ms. */
  heardAt: number
  readonly #clock: Clock
  readonly #dice: Dice
  readonly #sockets: object[]
  #stage: 'connecting' | 'waiting' | 'answering' | 'silent' | 'over' = 'connecting'
  #at = 0

  constructor(relay: Relay, client: Client, dice: Dice, clock: Clock, sockets: object[]) {
    this.relay = relay
    this.#clock = clock
    this.heardAt = clock.now()
    this.client = client
    this.#dice = dice
    this.#sockets = sockets
  }

  get bytes(): Buffer {
    return Buffer.concat(this.pieces)
  }

  /** All of a good answer was given, and nothing beyond it. */
  get isWhole(): boolean {
    return this.answer?.good === true && this.given === this.answer.bytes.length
  }

  /** Whether it would do something of itself. */
  get isAble(): boolean {
    return !this.isOver && !this.paused && this.#stage !== 'silent'
  }

  /** Nothing of it is left to be done, and nobody works on it any more. */
  get isOver(): boolean {
    return this.#stage === 'over'
  }

  /** It has a connection, and somebody pays for what it does there. */
  get isWorking(): boolean {
    return !this.isOver && this.#stage !== 'connecting'
  }

  abort(reason: Error): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    this.#stage = 'over'
    // undici tells the handler of its own abort.
    if (oneIn(this.#dice, 2)) this.relay.onResponseError(this, reason)
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  step(): void {
    if (this.#stage !== 'silent') this.heardAt = this.#clock.now()
    switch (this.#stage) {
      case 'connecting':
        if (oneIn(this.#dice, 12)) this.#break()
        else this.#start()
        break
      case 'waiting':
        if (!this.#fail(12, 24)) this.#respond()
        break
      case 'answering':
        if (!this.#fail(this.#left > 0 ? 16 : 6, 24)) this.#goOn()
        break
      case 'silent':
        return
      case 'over':
        this.#haunt()
    }
  }

  /** Breaks, or falls silent, one time in so many. */
  #fail(breaks: number, silences: number): boolean {
    if (oneIn(this.#dice, breaks)) this.#break()
    else if (oneIn(this.#dice, silences)) this.#stage = 'silent'
    else return false
    return true
  }

  #start(): void {
    this.#stage = 'waiting'
    this.relay.onRequestStart(this)
    if (this.aborted) return
    const socket = oneIn(this.#dice, 3) ? this.#sockets.at(-1) : undefined
    if (socket === undefined) this.#sockets.push({})
    SENT.publish({ socket: this.#sockets.at(-1) })
  }

  #respond(): void {
    if (oneIn(this.#dice, 16)) this.relay.onResponseStart(this, 103, {})
    const answer = answerTo(this.client.question, this.#dice)
    this.answer = answer
    this.rawHeaders = Object.entries(answer.headers)
      .flat()
      .map(part => Buffer.from(String(part)))
    this.#stage = 'answering'
    this.relay.onResponseStart(this, answer.status, { ...answer.headers })
  }

  get #left(): number {
    return (this.answer?.bytes.length ?? 0) - this.#at
  }

  #goOn(): void {
    const left = this.#left
    const mayGoOn = this.answer?.status !== 204
    if (left === 0 && mayGoOn && oneIn(this.#dice, 12))
      this.#give(Buffer.from('data: {"more":1}\n\n'))
    else if (left === 0 || oneIn(this.#dice, 24)) this.#end()
    else {
      const size = oneIn(this.#dice, 2) ? 1 + this.#dice.below(Math.min(left, 400)) : left
      this.#at += size
      this.#give((this.answer as Answer).bytes.subarray(this.#at - size, this.#at))
    }
  }

  #give(chunk: Buffer): void {
    const { relay, client, answer } = this
    const held = !relay.committed
    if (!relay.ended) this.pieces.push(chunk)
    this.given += chunk.length
    relay.onResponseData(this, chunk)
    const said = recordingFor(client.question)?.meaningful ?? 0
    if (held && relay.committed && answer?.good && this.given < said) {
      client.misuse.push('a commit before anything was said')
    }
  }

  #end(): void {
    this.#stage = 'over'
    this.#tell('end')
    this.relay.onResponseEnd()
  }

  #break(): void {
    this.#stage = 'over'
    this.#tell('error')
    this.relay.onResponseError(this, failure(this.#dice))
  }

  #tell(how: 'end' | 'error'): void {
    if (!this.relay.ended) this.ended = how
  }

  /** What comes after the end must not matter any more. */
  #haunt(): void {
    const chunk = Buffer.from('data: [DONE]\n\n')
    pick(this.#dice, [
      () => this.relay.onResponseData(this, chunk),
      () => this.relay.onResponseEnd(),
      () => this.relay.onResponseError(this, failure(this.#dice)),
    ])()
  }
}
