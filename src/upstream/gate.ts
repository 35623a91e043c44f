/** Keeps back what would go down until others have heard of it. */
export class Gate {
  readonly held: Buffer[] = []
  #waits = 0

  /**
   * @param until never rejects
   * @param open called once nothing is waited for any more
   */
  wait(until: Promise<void>, open: () => void): void {
    this.#waits++
    void until.then(() => {
      if (--this.#waits === 0) open()
    })
  }
}
