import type { Route } from '../model/catalog.ts'

/** So many models that no route names are told apart; each would be a series for every other label. */
const MOST_EARNED = 100
/** Longer names, and those that two could write alike, are not told apart. */
const LABEL = /^[\x21-\x7e]{1,128}$/
const OTHER = 'other'

/**
 * Which models have a series of their own. Clients may ask for any name they can think of, so a name is
 * told apart only where a route has it, or where a request for it was answered: then it is a model
 * that somebody serves. The first {@link MOST_EARNED} of these are, until the restart.
 */
export class ModelLabels {
  readonly #routes: () => readonly Route[]
  readonly #earned = new Set<string>()
  #known: readonly Route[] | null = null
  #named: ReadonlySet<string> = new Set()

  /** @param routes those in force; a new list where they have changed */
  constructor(routes: () => readonly Route[]) {
    this.#routes = routes
  }

  /**
   * The label for a request's model: its name, `other`, or empty where it named none.
   * @param answered whether the request got what it asked for
   */
  of(model: string | null, answered: boolean): string {
    if (model === null) return ''
    if (this.#earned.has(model) || this.#isNamed(model)) return model
    if (!answered || this.#earned.size >= MOST_EARNED || !LABEL.test(model)) return OTHER
    this.#earned.add(model)
    return model
  }

  #isNamed(model: string): boolean {
    const routes = this.#routes()
    if (routes !== this.#known) {
      this.#known = routes
      // A glob is no name: what fits it is the client's choice again.
      const names = routes.map(route => route.model).filter(name => !name.includes('*'))
      this.#named = new Set(names.filter(name => LABEL.test(name)))
    }
    return this.#named.has(model)
  }
}
