import type { AuditEntry } from '../../model/audit.ts'

/**
 * A change as `config log --json` prints it: `time` in ISO 8601, `before` and `after` any JSON value
 * without secrets, null where there was or is nothing.
 */
export interface AuditShape extends Omit<AuditEntry, 'time'> {
  readonly time: string
}

export function auditShape({ time, ...entry }: AuditEntry): AuditShape {
  return { ...entry, time: new Date(time).toISOString() }
}
