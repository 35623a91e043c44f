interface Entry<T> {
  readonly at: number
  readonly item: T
}

/** What falls due when: a binary heap by time. The same item may stand in it more than once. */
export class Schedule<T> {
  readonly #heap: Entry<T>[] = []

  add(at: number, item: T): void {
    const heap = this.#heap
    let index = heap.length
    const entry = { at, item }
    heap.push(entry)
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent] as Entry<T>
      if (above.at <= at) break
      heap[index] = above
      index = parent
    }
    heap[index] = entry
  }

  /** Takes out the first item due by `now`, or gives null. */
  due(now: number): T | null {
    const first = this.#heap[0]
    if (first === undefined || first.at > now) return null
    const last = this.#heap.pop() as Entry<T>
    if (this.#heap.length > 0) this.#sink(last)
    return first.item
  }

  #sink(entry: Entry<T>): void {
    const heap = this.#heap
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      const right = child + 1
      if (right < heap.length && (heap[right] as Entry<T>).at < (heap[child] as Entry<T>).at) {
        child = right
      }
      const below = heap[child] as Entry<T>
      if (below.at >= entry.at) break
      heap[index] = below
      index = child
    }
    heap[index] = entry
  }
}
