import * as z from 'zod'
import { PROVIDER_KINDS } from '../../model/catalog.ts'
import type { RemovedProvider } from '../../model/changes.ts'
import type { ProviderStatus } from '../../model/status.ts'
import { text } from '../fields.ts'
import { action, change, read } from '../operation.ts'
import type { PresetShape } from '../shapes/preset.ts'
import type { ProviderShape } from '../shapes/provider.ts'
import type { TestShape } from '../shapes/test.ts'

const BY_NAME = { name: text }
const KIND = z.enum(PROVIDER_KINDS)

export const PROVIDERS = {
  'providers.list': read<readonly ProviderStatus[]>()(z.strictObject({})),
  'providers.show': read<ProviderShape>()(z.strictObject(BY_NAME)),
  /** Of a preset all but its name may be left out. */
  'providers.add': change<ProviderShape>()({
    ...BY_NAME,
    kind: KIND.exactOptional(),
    base_url: text.exactOptional(),
    path: text.exactOptional(),
    settings: z.record(z.string(), z.string()).exactOptional(),
  }),
  /** A setting that is null is given back to its default. */
  'providers.change': change<ProviderShape>()({
    ...BY_NAME,
    path: z.nullable(text).exactOptional(),
    kind: KIND.exactOptional(),
    base_url: text.exactOptional(),
    enabled: z.boolean().exactOptional(),
    settings: z.record(z.string(), z.nullable(z.string())).exactOptional(),
  }),
  /** With its keys, and the targets that lead to it. */
  'providers.remove': change<RemovedProvider>()(BY_NAME),
  /** Every key of it that its owner did not switch off. */
  'providers.test': action<readonly TestShape[]>()(BY_NAME),
  /** The models that it says it has, and that are served. */
  'providers.models': read<readonly string[]>()(z.strictObject(BY_NAME)),
  'presets.list': read<readonly PresetShape[]>()(z.strictObject({})),
}
