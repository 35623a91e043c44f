import * as z from 'zod'
import { text, tier, weight } from '../fields.ts'
import { change, read } from '../operation.ts'
import type { TargetShape } from '../shapes/target.ts'

const PLACE = { provider: text, model: z.nullable(text).exactOptional() }

export const ROUTES = {
  'routes.list': read<readonly TargetShape[]>()(z.strictObject({})),
  /** A target that is there already takes the weight and tier given. */
  'routes.add': change<{ readonly targets: readonly TargetShape[] }>()({
    model: text,
    to: z
      .array(
        z.strictObject({
          ...PLACE,
          weight: weight.exactOptional(),
          tier: tier.exactOptional(),
        }),
      )
      .min(1)
      .max(1_000),
  }),
  /** The whole route where no target is named; `targets` are how many went, `left` how many stay. */
  'routes.remove': change<{
    readonly removed: string
    readonly targets: number
    readonly left: number
  }>()({
    model: text,
    to: z.array(z.strictObject(PLACE)).min(1).max(1_000).exactOptional(),
  }),
}
