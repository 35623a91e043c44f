/** Something that takes turns by its weight. */
export interface Turn {
  readonly id: string
  /** At least 1. */
  readonly weight: number
}

/**
 * Smooth weighted round-robin, as in nginx: shares are exact over a cycle and never come in bursts.
 * Who is not asked for keeps its credit.
 */
export class Rotation {
  readonly #credits = new Map<string, number>()

  /** Whose turn it is among these, at least one; nobody's turn is used up. */
  peek<T extends Turn>(turns: readonly T[]): T {
    let best = turns[0] as T
    for (const turn of turns) if (this.#due(turn) > this.#due(best)) best = turn
    return best
  }

  take<T extends Turn>(turns: readonly T[]): T {
    const best = this.peek(turns)
    let total = 0
    for (const turn of turns) {
      total += turn.weight
      this.#credits.set(turn.id, this.#due(turn))
    }
    this.#credits.set(best.id, (this.#credits.get(best.id) as number) - total)
    return best
  }

  /** Forgets all but these. */
  retain(ids: ReadonlySet<string>): void {
    for (const id of this.#credits.keys()) if (!ids.has(id)) this.#credits.delete(id)
  }

  #due({ id, weight }: Turn): number {
    return (this.#credits.get(id) ?? 0) + weight
  }
}
