import type { IncomingHttpHeaders } from 'node:http'
import { Cursor, type Scripts, type Step } from './script.ts'

/** What is done to a key that has no script. */
export type UnknownKey = 'ok' | '401'

/** Which behaviour is next for whom: a script in the request, the key's, the one of `*`, or none. */
export class Playbook {
  /** Places in the scripts of keys that have one of their own. */
  readonly #own = new Map<string, Cursor>()
  /** The script of all other keys, and their places in it. */
  #common: string | null = null
  #shared = new Map<string, Cursor>()
  /** Places in scripts that came with requests. */
  readonly #asked = new Map<string, Cursor>()
  readonly #unknown: Step

  /** @throws BalanceError config_invalid for a script that is none. */
  constructor(scripts: Scripts, unknown: UnknownKey) {
    for (const [key, script] of Object.entries(scripts)) this.set(key, script)
    this.#unknown = { name: unknown, argument: 0 }
  }

  /** Gives a key a script, from its beginning. */
  set(key: string, script: string): void {
    const cursor = new Cursor(script)
    if (key !== '*') {
      this.#own.set(key, cursor)
      return
    }
    this.#common = script
    this.#shared = new Map()
  }

  /**
   * The step of the next request of this key. An `x-mock-script` keeps its place over all requests
   * that carry the same text, so that `401,ok` fails a gateway's first attempt and not its second.
   * @throws BalanceError config_invalid when the header's script is none.
   */
  next(key: string, headers: IncomingHttpHeaders): Step {
    const asked = headers['x-mock-script']
    if (typeof asked === 'string') return place(this.#asked, asked, asked).take()
    const own = this.#own.get(key)
    if (own) return own.take()
    const anonymous = key === '' && this.#unknown.name === '401'
    if (this.#common === null || anonymous) return this.#unknown
    return place(this.#shared, key, this.#common).take()
  }
}

function place(known: Map<string, Cursor>, name: string, script: string): Cursor {
  let cursor = known.get(name)
  if (!cursor) {
    cursor = new Cursor(script)
    if (known.size < REMEMBERED) known.set(name, cursor)
  }
  return cursor
}

/** Most keys and header scripts whose place is kept; beyond it each request begins anew. */
const REMEMBERED = 100_000
