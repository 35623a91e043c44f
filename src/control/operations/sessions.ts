import * as z from 'zod'
import { text } from '../fields.ts'
import { action, read } from '../operation.ts'
import type { SessionShape } from '../shapes/session.ts'

/** Who is logged in to the dashboard. */
export const SESSIONS = {
  /** `current` is who asks. */
  'sessions.list': read<readonly (SessionShape & { readonly current: boolean })[]>()(
    z.strictObject({}),
  ),
  'sessions.revoke': action<{ readonly revoked: readonly string[] }>()({ id: text }),
}
