import type { ProviderKind } from '../../model/catalog.ts'
import { PRESETS } from '../../model/presets.ts'

/** A vendor that is known by name, as `providers presets --json` prints it. */
export interface PresetShape {
  readonly name: string
  readonly kind: ProviderKind
  readonly base_url: string
  readonly needs_key: boolean
}

export function presetShapes(): PresetShape[] {
  return Object.entries(PRESETS).map(([name, { kind, baseUrl, needsKey }]) => ({
    name,
    kind,
    base_url: baseUrl,
    needs_key: needsKey,
  }))
}
