import { type Provider, RESERVED_SEGMENTS } from '../catalog.ts'

/** A name or a path given out, and why it is not the one that was asked for; null where it is. */
export interface GivenSegment<T = string> {
  readonly segment: T
  readonly reason: string | null
}

const LONGEST = 63

/**
 * Gives providers that are brought along the names that they can have here. Names and paths are one
 * space, shared with the providers that are here; one with the same base URL is taken for the same.
 */
export class ProviderNames {
  readonly #present: readonly Provider[]
  readonly #given = new Set<string>()

  constructor(present: readonly Provider[]) {
    this.#present = present
  }

  name(wanted: string, baseUrl: string): GivenSegment {
    const slug = slugOf(wanted) || 'provider'
    const objection = this.#objection(slug, baseUrl)
    let segment = slug
    for (let next = 1; this.#objection(segment, baseUrl) !== null; next++) {
      const suffix = `-${next}`
      segment = slug.slice(0, LONGEST - suffix.length) + suffix
    }
    this.#given.add(segment)
    if (segment === wanted) return { segment, reason: null }
    const why = objection ?? 'cannot be a name here'
    return { segment, reason: `"${wanted}" ${why}, so it is called ${segment}` }
  }

  /** Null where the path adds nothing, or cannot be had: its name reaches the provider too. */
  path(wanted: string, name: string): GivenSegment<string | null> {
    const slug = slugOf(wanted)
    const own = this.#present.find(provider => provider.name === name)
    if (slug === '' || slug === name) return { segment: null, reason: null }
    if (own?.path === slug) return { segment: slug, reason: null }
    if (own?.path) return { segment: null, reason: `it has the path ${own.path} here` }
    if (RESERVED_SEGMENTS.has(slug)) {
      return { segment: null, reason: `"${slug}" means something else in paths: use /${name}/v1` }
    }
    if (this.#given.has(slug) || this.#owner(slug)) {
      return { segment: null, reason: `"${slug}" leads to another provider: use /${name}/v1` }
    }
    this.#given.add(slug)
    const reason = slug === wanted ? null : `"${wanted}" is written ${slug} here`
    return { segment: slug, reason }
  }

  #objection(segment: string, baseUrl: string): string | null {
    if (RESERVED_SEGMENTS.has(segment)) return 'means something else in paths'
    if (this.#given.has(segment)) return 'is the name of two of them'
    const owner = this.#owner(segment)
    if (!owner || (owner.name === segment && owner.baseUrl === baseUrl)) return null
    return 'is another provider here'
  }

  #owner(segment: string): Provider | undefined {
    return this.#present.find(({ name, path }) => name === segment || path === segment)
  }
}

function slugOf(wanted: string): string {
  return wanted
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+|(?<!-)-+$/g, '')
    .slice(0, LONGEST)
}
