import type { AuditEntry } from '../model/audit.ts'
import { formatMoment } from './moment.ts'
import type { Session } from './session.ts'
import type { Column } from './table.ts'

/**
 * A change as `config log --json` prints it: `time` in ISO 8601, `before` and `after` any JSON value
 * without secrets, null where there was or is nothing.
 */
export interface AuditShape extends Omit<AuditEntry, 'id' | 'time'> {
  readonly time: string
}

interface LogOptions {
  readonly limit: number
  readonly subject?: string
}

/** `config log`: what was changed, by whom, newest first. */
export async function auditLog(session: Session, { limit, subject }: LogOptions): Promise<void> {
  const entries = await (await session.store()).audit({
    limit,
    ...(subject === undefined ? {} : { subject }),
  })
  const shapes = entries.map(({ id: _, time, ...rest }) => ({
    time: new Date(time).toISOString(),
    ...rest,
  }))
  session.out.list(COLUMNS, shapes)
  if (shapes.length === 0) session.out.say('No such change.')
}

const COLUMNS: readonly Column<AuditShape>[] = [
  { head: 'TIME', cell: row => formatMoment(Date.parse(row.time)) },
  { head: 'REVISION', right: true, cell: row => row.revision },
  { head: 'WHO', soft: true, cell: row => row.who },
  { head: 'COMMAND', soft: true, spare: true, cell: row => row.command },
  { head: 'ACTION', cell: row => row.action },
  { head: 'SUBJECT', cell: row => row.subject },
  { head: 'CHANGE', soft: true, cell: changeOf },
]

/** `weight: 1 → 3`; of something new or gone, all that is told of it. */
function changeOf({ before, after }: AuditShape): string {
  if (!isObject(before) || !isObject(after)) return `${spelled(before)} → ${spelled(after)}`
  return Object.keys({ ...before, ...after })
    .filter(name => spelled(before[name]) !== spelled(after[name]))
    .map(name => `${name}: ${spelled(before[name])} → ${spelled(after[name])}`)
    .join(', ')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function spelled(value: unknown): string {
  if (value === null || value === undefined) return 'none'
  if (isLabelled(value)) return value.map(({ label }) => label).join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Keys that were changed together. */
function isLabelled(value: unknown): value is readonly { readonly label: string }[] {
  return Array.isArray(value) && value.every(item => typeof item?.label === 'string')
}
