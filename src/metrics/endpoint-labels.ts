import { endpointOf } from '../wire/endpoint.ts'

/** Paths that are remembered; clients may make up more of them. */
const MOST_PATHS = 256

/** Names of endpoints, found out once for the few paths that nearly all requests have. */
export class EndpointLabels {
  readonly #known = new Map<string, string>()

  of(method: string, path: string): string {
    const target = `${method} ${path}`
    const known = this.#known.get(target)
    if (known !== undefined) return known
    const { name } = endpointOf(method, path)
    if (this.#known.size >= MOST_PATHS) this.#known.clear()
    this.#known.set(target, name)
    return name
  }
}
