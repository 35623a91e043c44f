import type { Clock } from '../../base/clock.ts'
import { BalanceError } from '../../base/errors.ts'
import type { Catalog, Key } from '../../model/catalog.ts'
import type { LoadedConfig } from '../../model/config.ts'
import { keyStatus } from '../../model/key-status.ts'
import { proxyStatuses } from '../../model/proxy-status.ts'
import type { KeyStatus } from '../../model/status.ts'
import type { Store } from '../../model/store.ts'
import { type ExitOf, exitsOf } from '../../snapshot/exits.ts'
import type { Follower } from '../follower.ts'
import type { GatewayHost } from '../gateway-host.ts'
import type { Learned } from '../learned.ts'
import type { DaemonOperator } from '../operator.ts'
import type { Peers } from '../peers.ts'

/** What operations are carried out with. */
export interface OperationParts {
  readonly config: LoadedConfig
  readonly clock: Clock
  readonly store: Store
  readonly gateway: Pick<GatewayHost, 'flush' | 'abort' | 'reports'>
  readonly learned: Learned
  readonly follower: Pick<Follower, 'catalog' | 'revision' | 'pending' | 'catchUp'>
  readonly peers: Pick<Peers, 'catchUp'>
  readonly live: Pick<DaemonOperator, 'status' | 'flush'>
}

/** What is in force, with what keys and providers learned until now. */
export function standing({ follower, learned }: OperationParts): Catalog {
  const { catalog } = follower
  if (catalog === null) throw new BalanceError('overloaded', 'The daemon is starting.')
  return { ...catalog, ...learned.lessons }
}

/** Which proxies keys are dialled through now; gateways are asked only where there are proxies. */
export async function exitsNow(parts: OperationParts): Promise<ExitOf> {
  const catalog = standing(parts)
  const { proxies } = catalog
  const reports = proxies.length === 0 ? [] : await parts.gateway.reports()
  const known = reports.map(report => report.proxies)
  return exitsOf(catalog, proxyStatuses(proxies, known, parts.clock.wall()))
}

/** These keys as they stand in the catalogue, or where it has them not yet, as the store told them. */
export function statusesOf(parts: OperationParts, keys: readonly Key[]): KeyStatus[] {
  const { follower, learned, clock } = parts
  const inForce = new Map(follower.catalog?.keys.map(key => [key.id, key]))
  const wall = clock.wall()
  return keys.map(key => keyStatus(inForce.get(key.id) ?? key, learned.of(key.id), wall))
}
