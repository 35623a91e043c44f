import type { Store } from '../../src/model/store.ts'
import type { Answered } from '../support/steady-load.ts'

const PAGE = 5_000

/** Reads the store's log as it grows, to compare it with what clients were answered. */
export class LogBook {
  /** Request id → how often it is written down. */
  readonly #seen = new Map<string, number>()
  #last = 0
  /** How many answers were compared already. */
  #compared = 0
  readonly doubled: string[] = []
  /** The longest time from an answer whose record is lost to the next kill, ms. */
  longestLost = 0
  lost = 0

  /** Reads what was written since the last call. */
  async read(store: Store): Promise<void> {
    for (;;) {
      const page = await store.records({ after: this.#last, limit: PAGE })
      for (const { requestId } of page) this.#note(requestId)
      this.#last = page.at(-1)?.id ?? this.#last
      if (page.length < PAGE) return
    }
  }

  /**
   * Looks for the records of those among the first `until` answers that were 200 and were not
   * compared before. Read the log first.
   * @param kills when what might have served them was killed, in their order
   */
  compare(answers: readonly Answered[], until: number, kills: readonly number[]): void {
    for (; this.#compared < until; this.#compared++) {
      const { id, status, sent, ended } = answers[this.#compared] as Answered
      if (status !== 200 || this.#seen.has(id)) continue
      this.lost++
      // An answer may lie in a socket when the one who wrote it is dead already.
      const killed = kills.find(time => time >= sent) ?? Number.POSITIVE_INFINITY
      this.longestLost = Math.max(this.longestLost, killed - ended)
    }
  }

  #note(id: string): void {
    const times = (this.#seen.get(id) ?? 0) + 1
    this.#seen.set(id, times)
    if (times === 2) this.doubled.push(id)
  }
}
