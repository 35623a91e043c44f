import { mask } from './secret.ts'

/** Shorter values are not searched for: they would hit ordinary words. */
const SHORTEST = 8

/**
 * Masks known secrets by exact value in text that is about to leave the process.
 *
 * A text is scanned once: the first four characters of every position are looked up as one integer,
 * so the cost is that of the text and not of the number of secrets.
 */
export class Redactor {
  readonly #heads = new Set<number>()
  readonly #byPrefix = new Map<string, Set<string>>()

  add(secret: string): void {
    if (secret.length < SHORTEST) return
    if (this.#byPrefix.get(secret.slice(0, SHORTEST))?.has(secret)) return
    this.#index(secret)
    // A secret may also appear as a URL or a JSON text would carry it.
    const encoded = encodeURIComponent(secret)
    if (encoded !== secret) this.#index(encoded)
    const quoted = JSON.stringify(secret).slice(1, -1)
    if (quoted !== secret) this.#index(quoted)
  }

  #index(secret: string): void {
    this.#heads.add(head(secret, 0))
    const prefix = secret.slice(0, SHORTEST)
    const known = this.#byPrefix.get(prefix)
    if (known) known.add(secret)
    else this.#byPrefix.set(prefix, new Set([secret]))
  }

  /** The text with every known secret replaced by its mask; the same string when there is none. */
  redact(text: string): string {
    if (this.#heads.size === 0) return text
    let clean = ''
    let copied = 0
    for (let at = 0; at + SHORTEST <= text.length; at++) {
      if (!this.#heads.has(head(text, at))) continue
      const found = this.#longestAt(text, at)
      if (found === null) continue
      clean += text.slice(copied, at) + mask(found)
      at += found.length - 1
      copied = at + 1
    }
    return copied === 0 ? text : clean + text.slice(copied)
  }

  #longestAt(text: string, at: number): string | null {
    const candidates = this.#byPrefix.get(text.slice(at, at + SHORTEST))
    if (!candidates) return null
    let longest: string | null = null
    for (const secret of candidates) {
      if ((longest === null || secret.length > longest.length) && text.startsWith(secret, at)) {
        longest = secret
      }
    }
    return longest
  }
}

function head(text: string, at: number): number {
  return (
    text.charCodeAt(at) |
    (text.charCodeAt(at + 1) << 8) |
    (text.charCodeAt(at + 2) << 16) |
    (text.charCodeAt(at + 3) << 24)
  )
}
