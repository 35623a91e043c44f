import type { Route } from '../../model/catalog.ts'

/**
 * A route's targets as `routes list` and `routes add` print them with `--json`, one object each.
 * `target_model` is null where the provider is asked for the model that the client asked for.
 */
export function targetShapes({ model, targets }: Route) {
  return targets.map(target => ({
    model,
    provider: target.provider,
    target_model: target.model,
    weight: target.weight,
    tier: target.tier,
    id: target.id,
    origin: target.origin,
    created: new Date(target.createdAt).toISOString(),
  }))
}

export type TargetShape = ReturnType<typeof targetShapes>[number]
