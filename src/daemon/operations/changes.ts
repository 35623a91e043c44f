import { asBalanceError } from '../../base/errors.ts'
import type { Caller, InForce } from '../../control/api.ts'
import type { Store } from '../../model/store.ts'
import type { OperationParts } from './parts.ts'

/** What a change is planned for. */
interface Planned {
  readonly revision?: number
}

/**
 * Makes a change as its caller's, and answers once it is in force.
 * @param what the operation, for the audit
 * @param change makes it, in one call of the store: a second one would come at another revision
 * @param tell the operation's own answer, from what the change gave
 * @throws BalanceError stale_plan, and what the store refuses
 */
export async function make<Made, Own extends object>(
  parts: OperationParts,
  what: string,
  { revision }: Planned,
  { who }: Caller,
  change: (store: Store) => Promise<Made>,
  tell: (made: Made) => Own | Promise<Own>,
): Promise<Own & InForce> {
  const made = await change(parts.store.as({ who, what }, revision))
  const inForce = await takeIn(parts)
  return { ...(await tell(made)), ...inForce }
}

/** Puts what the store has now into force; what hinders it is told, for the change itself is made. */
export async function takeIn({ follower, peers }: OperationParts): Promise<InForce> {
  try {
    await follower.catchUp()
    await peers.catchUp()
    return { revision: follower.revision, error: follower.pending?.error ?? null }
  } catch (error) {
    return { revision: follower.revision, error: asBalanceError(error).message }
  }
}
