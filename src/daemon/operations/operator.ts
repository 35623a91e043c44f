import type { Operator } from '../../control/api.ts'
import type { DaemonOperator } from '../operator.ts'
import { keyOperations } from './keys.ts'
import { logOperations } from './log.ts'
import { overviewOperations } from './overview.ts'
import type { OperationParts } from './parts.ts'
import { providerOperations } from './providers.ts'
import { proxyOperations } from './proxies.ts'
import { routeOperations } from './routes.ts'
import { sessionOperations } from './sessions.ts'
import { settingOperations } from './settings.ts'
import { tokenOperations } from './tokens.ts'

/** All that operators may ask of this daemon, from whichever door they ask. */
export function operatorOf(live: DaemonOperator, parts: Omit<OperationParts, 'live'>): Operator {
  const all = { ...parts, live }
  return {
    ...live.operations,
    ...overviewOperations(all),
    ...providerOperations(all),
    ...keyOperations(all),
    ...tokenOperations(all),
    ...proxyOperations(all),
    ...routeOperations(all),
    ...settingOperations(all),
    ...logOperations(all),
    ...sessionOperations(all),
  }
}
