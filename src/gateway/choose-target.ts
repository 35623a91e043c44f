import type { KeyState } from '../balancer/key-state.ts'
import type { Rotation } from '../balancer/rotation.ts'
import type { CompiledTarget } from '../snapshot/route-table.ts'

/** What a choice among targets is made from; an exchange has it. */
export interface Choice {
  /** Lower tiers first. */
  readonly targets: readonly CompiledTarget[]
  readonly rotation: Rotation | null
  /** The model that the client asked for. */
  readonly model: string | null
}

const NONE: readonly KeyState[] = []

/**
 * The target whose turn it is: of the first tier in which any can serve, by weight. Null where none can.
 * @param open which targets may be chosen at all
 * @param take false: only looks, and leaves the turn as it is
 * @param tried keys that are not asked again
 */
export function chooseTarget(
  { targets, rotation, model }: Choice,
  open: (target: CompiledTarget) => boolean,
  now: number,
  take: boolean,
  tried = NONE,
): CompiledTarget | null {
  const able = targets.filter(
    target =>
      open(target) && target.provider.pool.peek(target.model ?? model ?? '', tried, now) !== null,
  )
  const turn = able.filter(({ tier }) => tier === able[0]?.tier)
  if (turn.length === 0 || rotation === null) return null
  return take ? rotation.take(turn) : rotation.peek(turn)
}
