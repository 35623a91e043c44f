import type { TellProgress } from '../model/backup.ts'

const TOLD_EVERY = 2_000

/** How far a backup is, told every so many rows: never of one that is written or read in a moment. */
export class BackupProgress {
  readonly #tell: TellProgress
  readonly #total: number
  #rows = 0
  #told = 0

  constructor(tell: TellProgress, total: number) {
    this.#tell = tell
    this.#total = total
  }

  /** @param done how far it is by them, in the units of the total; in rows unless given */
  async add(rows: number, done?: number): Promise<void> {
    this.#rows += rows
    if (this.#rows - this.#told < TOLD_EVERY) return
    this.#told = this.#rows
    await this.#tell(done ?? this.#rows, this.#total, this.#rows)
  }
}
