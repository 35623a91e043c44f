import { inspect } from 'node:util'

/** Below this length a masked secret shows nothing of itself: four characters would be too much of it. */
const SHORT = 16

/** `sk-…f3a9`: the vendor's prefix up to its first dash, if short, and the last four characters. */
export function mask(secret: string): string {
  if (secret.length < SHORT) return '…'
  const dash = secret.indexOf('-')
  const prefix = dash > 0 && dash <= 4 ? secret.slice(0, dash + 1) : ''
  return `${prefix}…${secret.slice(-4)}`
}

/** A value that no print, log line, JSON text or template string can show; only {@link reveal} gives it. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The clear value: for the header that carries it, the seal, or the one printed creation. */
  reveal(): string {
    return this.#value
  }

  get masked(): string {
    return mask(this.#value)
  }

  toString(): string {
    return this.masked
  }

  toJSON(): string {
    return this.masked
  }

  [Symbol.toPrimitive](): string {
    return this.masked
  }

  [inspect.custom](): string {
    return `Secret(${this.masked})`
  }
}
