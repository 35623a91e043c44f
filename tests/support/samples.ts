/** The samples of a document in Prometheus' text format, by name and labels as it writes them. */
export class Samples {
  readonly #values = new Map<string, number>()

  constructor(text: string) {
    for (const line of text.split('\n')) {
      if (line === '' || line.startsWith('#')) continue
      const end = line.lastIndexOf(' ')
      this.#values.set(line.slice(0, end), Number(line.slice(end + 1)))
    }
  }

  /** Those of one name: labels, without the braces → value. Zeros are left out: nothing was counted. */
  of(name: string): Record<string, number> {
    const found: Record<string, number> = {}
    for (const [key, value] of this.#values) {
      if (value !== 0 && (key === name || key.startsWith(`${name}{`)))
        found[key.slice(name.length + 1, -1)] = value
    }
    return found
  }

  /** One sample, `name{label="x"}`. */
  get(key: string): number | undefined {
    return this.#values.get(key)
  }

  get size(): number {
    return this.#values.size
  }
}
