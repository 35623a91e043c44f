import type { Clock } from '../base/clock.ts'
import type { MakeChange, Witness } from './change.ts'
import type { Engine } from './dialect.ts'
import type { ReferenceSources } from './reference.ts'
import type { Vault } from './vault.ts'

/** What the verbs of a store work with. */
export interface StoreParts {
  readonly engine: Engine
  readonly clock: Clock
  readonly change: MakeChange
  readonly witness: Witness
  readonly vault: Vault
  readonly sources: ReferenceSources
}
