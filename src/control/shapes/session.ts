import type { AdminSession } from '../../model/admin.ts'

/** A session of the dashboard as `admin sessions list --json` prints it; times are ISO 8601 in UTC. */
export function sessionShape({ id, createdAt, seenAt, expiresAt, peer }: AdminSession) {
  return {
    id,
    created: new Date(createdAt).toISOString(),
    seen: new Date(seenAt).toISOString(),
    expires: new Date(expiresAt).toISOString(),
    peer,
  }
}

export type SessionShape = ReturnType<typeof sessionShape>
