import { type OpenStream, openStream, STREAMED } from '../support/open-stream.ts'

interface Cut {
  readonly text: string
  /** When it ended, on the clock of `performance`. */
  readonly at: number
}

/** So many streams at every time: each that ends is followed by another. */
export class StandingStreams {
  /** How many ended by their own word. */
  whole = 0
  /** Why a stream did not begin. */
  readonly refused: string[] = []
  readonly #cut: Cut[] = []
  readonly #port: number
  readonly #token: string
  readonly #open = new Set<OpenStream>()
  #lanes: Promise<void>[] = []
  #ending = false

  private constructor(port: number, token: string) {
    this.#port = port
    this.#token = token
  }

  /** Resolves when all of them have begun. */
  static async open(count: number, port: number, token: string): Promise<StandingStreams> {
    const streams = new StandingStreams(port, token)
    const begun = Array.from({ length: count }, () => streams.#begin())
    streams.#lanes = begun.map(async first => streams.#follow(await first))
    await Promise.all(begun)
    return streams
  }

  /** Begins none any more and waits for those that are open; resolves with all that were cut off. */
  async end(): Promise<readonly Cut[]> {
    this.#ending = true
    await Promise.all(this.#lanes)
    return this.#cut
  }

  /** Leaves those that are open. */
  leave(): void {
    this.#ending = true
    for (const stream of this.#open) stream.leave()
  }

  async #follow(first: OpenStream | null): Promise<void> {
    let stream = first
    while (stream !== null) {
      const { text, cut, at } = await stream.over
      this.#open.delete(stream)
      if (!cut && text.endsWith('data: [DONE]\n\n')) this.whole++
      else this.#cut.push({ text, at })
      stream = this.#ending ? null : await this.#begin()
    }
  }

  async #begin(): Promise<OpenStream | null> {
    try {
      const stream = await openStream(this.#port, this.#token, {}, STREAMED.body)
      this.#open.add(stream)
      return stream
    } catch (error) {
      this.refused.push(String(error))
      return this.#ending ? null : this.#begin()
    }
  }
}
