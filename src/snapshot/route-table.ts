import type { Live } from '../balancer/live.ts'
import { Rotation } from '../balancer/rotation.ts'
import type { Catalog, Route, Target } from '../model/catalog.ts'
import { globMatches } from '../model/glob.ts'
import type { CompiledProvider } from './snapshot.ts'

/** One place where the requests of a route may go. */
export interface CompiledTarget {
  readonly id: string
  readonly provider: CompiledProvider
  /** The model asked for there; null: the one the client asked for. */
  readonly model: string | null
  readonly weight: number
  readonly tier: number
}

/** A route with everything looked up that its requests need. */
export class CompiledRoute {
  /** As its owner wrote it: a name or a glob; empty for the way to one provider that no route is for. */
  readonly model: string
  /** Lower tiers first, then in the order in which they were added. */
  readonly targets: readonly CompiledTarget[]
  /** Targets whose provider is switched off. */
  readonly disabled: readonly Target[]
  readonly rotation: Rotation
  /** Of its first target, milliseconds since the epoch. */
  readonly createdAt: number

  constructor(
    model: string,
    targets: readonly CompiledTarget[],
    disabled: readonly Target[],
    rotation: Rotation,
    createdAt: number,
  ) {
    this.model = model
    this.targets = targets
    this.disabled = disabled
    this.rotation = rotation
    this.createdAt = createdAt
  }

  /** The same with these of its targets only. */
  narrowedTo(targets: readonly CompiledTarget[]): CompiledRoute {
    return new CompiledRoute(this.model, targets, [], this.rotation, this.createdAt)
  }

  static to(provider: CompiledProvider): CompiledRoute {
    const target = { id: provider.id, provider, model: null, weight: 1, tier: 1 }
    return new CompiledRoute('', [target], [], new Rotation(), 0)
  }
}

/** Models that were looked for among the globs, at once. */
const MOST_FOUND = 1_024
/** A name longer than this is looked for again each time. */
const LONGEST_FOUND = 256

/** Which route a model has: the one of its very name, else that of the most specific glob. */
export class RouteTable {
  readonly #exact = new Map<string, CompiledRoute>()
  readonly #globs: readonly CompiledRoute[]
  readonly #found = new Map<string, CompiledRoute | null>()

  constructor(routes: readonly CompiledRoute[]) {
    for (const route of routes) if (!isGlob(route.model)) this.#exact.set(route.model, route)
    // The sort is stable: of equally specific globs the one that was added first is meant.
    this.#globs = routes
      .filter(route => isGlob(route.model))
      .sort((a, b) => literals(b.model) - literals(a.model))
  }

  /** Routes without a glob, in the order in which they were added. */
  get named(): Iterable<CompiledRoute> {
    return this.#exact.values()
  }

  get globs(): readonly CompiledRoute[] {
    return this.#globs
  }

  get empty(): boolean {
    return this.#exact.size === 0 && this.#globs.length === 0
  }

  find(model: string): CompiledRoute | null {
    const exact = this.#exact.get(model)
    if (exact !== undefined) return exact
    if (this.#globs.length === 0) return null
    const known = this.#found.get(model)
    if (known !== undefined) return known
    const found = this.#globs.find(route => globMatches(route.model, model)) ?? null
    if (model.length > LONGEST_FOUND) return found
    if (this.#found.size >= MOST_FOUND) this.#found.clear()
    this.#found.set(model, found)
    return found
  }
}

/** @param providers the enabled ones, by name */
export function compileRoutes(
  { routes }: Catalog,
  providers: ReadonlyMap<string, CompiledProvider>,
  live: Live,
): RouteTable {
  return new RouteTable(routes.map(route => compileRoute(route, providers, live)))
}

function compileRoute(
  { model, targets }: Route,
  providers: ReadonlyMap<string, CompiledProvider>,
  live: Live,
): CompiledRoute {
  const compiled: CompiledTarget[] = []
  const disabled: Target[] = []
  for (const target of targets) {
    const provider = providers.get(target.provider)
    if (provider === undefined) disabled.push(target)
    else compiled.push(Object.freeze({ ...target, provider }))
  }
  compiled.sort((a, b) => a.tier - b.tier)
  const rotation = live.rotation(model)
  rotation.retain(new Set(targets.map(({ id }) => id)))
  return new CompiledRoute(model, compiled, disabled, rotation, targets[0]?.createdAt ?? 0)
}

function isGlob(model: string): boolean {
  return model.includes('*')
}

/** How much of a name a glob fixes. */
function literals(glob: string): number {
  return glob.replaceAll('*', '').length
}
