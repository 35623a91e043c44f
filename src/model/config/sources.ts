import { dirname } from 'node:path'
import { BalanceError } from '../../base/errors.ts'
import type { ConfigDocument } from './document.ts'

/** A value as someone gave it, not parsed yet. */
interface Offer<T> {
  readonly text: string
  /** `flag --port`, `env BALANCE_PORT`, `file /x/balance.config.yaml:3`. */
  readonly origin: string
  /** What a relative path in it is relative to. */
  readonly folder: string
  readonly parse: (text: string) => T
}

export interface Chosen<T> {
  readonly value: T
  readonly origin: string
  /** Null for a default. */
  readonly folder: string | null
}

/**
 * The first offer there is, or the default.
 * @throws BalanceError config_invalid, naming where the value came from.
 */
export function choose<T>(fallback: T, offers: readonly (Offer<T> | null)[]): Chosen<T> {
  const offer = offers.find(candidate => candidate !== null)
  if (!offer) return { value: fallback, origin: 'default', folder: null }
  try {
    return { value: offer.parse(offer.text), origin: offer.origin, folder: offer.folder }
  } catch (error) {
    if (!(error instanceof BalanceError)) throw error
    throw new BalanceError('config_invalid', `${offer.origin}: ${error.message}`, {
      ...(error.hint === null ? {} : { hint: error.hint }),
    })
  }
}

/** Where values may come from. */
export class Sources {
  readonly #env: Readonly<NodeJS.ProcessEnv>
  readonly #cwd: string
  readonly #document: ConfigDocument | null

  constructor(env: Readonly<NodeJS.ProcessEnv>, cwd: string, document: ConfigDocument | null) {
    this.#env = env
    this.#cwd = cwd
    this.#document = document
  }

  flag<T>(name: string, text: string | undefined, parse: Offer<T>['parse']): Offer<T> | null {
    if (text === undefined) return null
    return { text, origin: `flag ${name}`, folder: this.#cwd, parse }
  }

  /** A variable that is set to nothing is not set. */
  variable<T>(name: string, parse: Offer<T>['parse']): Offer<T> | null {
    const text = this.#env[name]
    return text ? { text, origin: `env ${name}`, folder: this.#cwd, parse } : null
  }

  /** @param name of a value, or the names that lead to it */
  file<T>(name: string | readonly string[], parse: Offer<T>['parse']): Offer<T> | null {
    const path = [name].flat()
    const value = path.reduce<unknown>(
      (inner, part) => (inner as Record<string, unknown> | null | undefined)?.[part],
      this.#document?.value,
    )
    if (!this.#document || value === undefined) return null
    const [line] = this.#document
      .at(path)
      .slice(this.#document.path.length + 1)
      .split(':')
    return {
      text: String(value),
      origin: `file ${this.#document.path}:${line}`,
      folder: dirname(this.#document.path),
      parse,
    }
  }
}
