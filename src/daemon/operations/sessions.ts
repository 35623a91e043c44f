import type { Operator } from '../../control/api.ts'
import type { SESSIONS } from '../../control/operations/sessions.ts'
import { sessionShape } from '../../control/shapes/session.ts'
import type { OperationParts } from './parts.ts'

export function sessionOperations({
  store,
}: OperationParts): Pick<Operator, keyof typeof SESSIONS> {
  return {
    'sessions.list': async (_, { session }) => {
      const open = await store.adminSessions()
      return open.map(each => ({ ...sessionShape(each), current: each.id === session }))
    },

    'sessions.revoke': async ({ id }, { who }) => {
      const actor = { who, what: 'sessions.revoke' }
      const revoked = await store.revokeAdminSessions(id, actor)
      return { revoked: revoked.map(each => each.id) }
    },
  }
}
