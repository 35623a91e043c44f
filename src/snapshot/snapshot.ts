import type { Caller } from '../balancer/caller.ts'
import type { Pool } from '../balancer/pool.ts'
import type { Key, ProviderKind } from '../model/catalog.ts'
import type { DialectName } from '../model/dialect.ts'
import { globMatches } from '../model/glob.ts'
import type { ModelFilter } from '../model/model-filter.ts'
import type { ProviderSettings, Settings } from '../model/settings.ts'
import type { Credential, Upward } from '../upstream/headers.ts'
import type { Address } from '../wire/address.ts'
import type { Carriage } from './carriage.ts'
import type { CompiledRoute, RouteTable } from './route-table.ts'
import type { Scope, Way } from './way.ts'

/** A key ready for use: what a request needs so that nothing is computed while it waits. */
export interface CompiledKey {
  readonly id: string
  /** What it was made of: while that is the same, so is this. */
  readonly source: Key
  readonly credential: Credential
  /** How its requests are dialled. */
  readonly way: Way
}

/** A provider with every default resolved. */
export interface CompiledProvider {
  readonly id: string
  readonly name: string
  readonly kind: ProviderKind
  readonly dialect: DialectName
  /** Scheme, host and port that its keys may be sent to. */
  readonly origin: string
  /** How it may be dialled. */
  readonly scope: Scope
  /** The same, and those of keys that have one of their own. */
  readonly scopes: readonly Scope[]
  /** Where its requests go, below that origin. */
  readonly address: Address
  readonly settings: ProviderSettings
  readonly carriage: Carriage
  readonly upward: Upward
  readonly keys: ReadonlyMap<string, CompiledKey>
  /** What those were made of, and those that could not be opened. */
  readonly sources: readonly Key[]
  readonly pool: Pool
  /** The key that asks for its list of models first; null: whichever has its turn. */
  readonly modelsKey: string | null
  /** The key that lists are asked for with, and objects that nobody knows; null: it has none. */
  readonly homeKey: string | null
  /** Which models it serves, as they are asked for there. */
  readonly filter: ModelFilter
  /** Where a request goes that no route is for: here, with the model it asked for. */
  readonly direct: CompiledRoute
}

/** A client token with its limits, and what it has used of them. */
export class CompiledToken {
  readonly id: string
  readonly name: string
  readonly weak: boolean
  readonly caller: Caller
  readonly #providers: ReadonlySet<string> | null
  readonly #models: readonly string[] | null
  readonly #expiresAt: number | null

  constructor(
    token: {
      id: string
      name: string
      weak: boolean
      providers: readonly string[] | null
      models: readonly string[] | null
      expiresAt: number | null
    },
    caller: Caller,
  ) {
    this.id = token.id
    this.name = token.name
    this.weak = token.weak
    this.caller = caller
    this.#providers = token.providers && new Set(token.providers)
    this.#models = token.models
    this.#expiresAt = token.expiresAt
  }

  expired(wall: number): boolean {
    return this.#expiresAt !== null && wall >= this.#expiresAt
  }

  allowsProvider(name: string): boolean {
    return this.#providers === null || this.#providers.has(name)
  }

  get limitsModels(): boolean {
    return this.#models !== null
  }

  allowsModel(model: string): boolean {
    return this.#models === null || this.#models.some(glob => globMatches(glob, model))
  }
}

/** The config in force, immutable; a request keeps the one it began with. */
export interface Snapshot {
  readonly revision: number
  readonly settings: Settings
  /** Enabled providers by name and by path. */
  readonly byName: ReadonlyMap<string, CompiledProvider>
  readonly byPath: ReadonlyMap<string, CompiledProvider>
  readonly defaultProvider: CompiledProvider | null
  /** The first enabled provider of each family. */
  readonly ofDialect: ReadonlyMap<DialectName, CompiledProvider>
  readonly routes: RouteTable
  /** By SHA-256 of the token, hex. */
  readonly tokens: ReadonlyMap<string, CompiledToken>
}
