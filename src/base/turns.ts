/**
 * Lets so many through in one turn of the event loop, in the order in which they came: what many want at once
 * is done in turns, between which everybody else is served.
 */
export class Turns<T> {
  readonly #most: number
  /** In this turn. */
  #limit: number
  #hurried = false
  readonly #goOn: (one: T) => void
  /** Those that wait, from `#next` on. */
  #waiting: T[] = []
  #next = 0
  /** In this turn. */
  #through = 0
  #scheduled = false

  /**
   * @param most in one turn
   * @param goOn is called for each that had to wait, when its turn has come; must not throw
   */
  constructor(most: number, goOn: (one: T) => void) {
    this.#most = most
    this.#limit = most
    this.#goOn = goOn
  }

  /** Those that wait for their turn. */
  get waiting(): number {
    return this.#waiting.length - this.#next
  }

  /** Others wait for the end of this turn. Until one has passed in which nobody said so, one goes through in each. */
  hurry(): void {
    this.#hurried = true
    this.#limit = 1
  }

  /** Whether it may go on at once; where not, it is told when it may. */
  ask(one: T): boolean {
    this.#schedule()
    if (this.#through < this.#limit && this.waiting === 0) {
      this.#through++
      return true
    }
    this.#waiting.push(one)
    return false
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#turn)
  }

  readonly #turn = (): void => {
    this.#scheduled = false
    this.#limit = this.#hurried ? 1 : this.#most
    this.#hurried = false
    this.#through = Math.min(this.waiting, this.#limit)
    if (this.#through === 0) return
    this.#schedule()
    for (let n = this.#through; n > 0; n--) this.#goOn(this.#waiting[this.#next++] as T)
    this.#forget()
  }

  #forget(): void {
    if (this.#next <= this.#waiting.length / 2) return
    this.#waiting = this.#waiting.slice(this.#next)
    this.#next = 0
  }
}
