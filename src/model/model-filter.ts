import { globMatches } from './glob.ts'

/**
 * Which models are served, by a list of globs: those after a `!` are not. Where the list names any
 * that are, all others are not.
 */
export class ModelFilter {
  readonly #served: readonly string[]
  readonly #denied: readonly string[]

  constructor(globs: readonly string[]) {
    this.#served = globs.filter(glob => !glob.startsWith('!'))
    this.#denied = globs.filter(glob => glob.startsWith('!')).map(glob => glob.slice(1))
  }

  /** It serves all models. */
  get open(): boolean {
    return this.#served.length === 0 && this.#denied.length === 0
  }

  allows(model: string): boolean {
    if (this.#denied.some(glob => globMatches(glob, model))) return false
    return this.#served.length === 0 || this.#served.some(glob => globMatches(glob, model))
  }
}
