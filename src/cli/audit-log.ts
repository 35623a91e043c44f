import { type AuditShape, auditShape } from '../control/shapes/audit.ts'
import { formatMoment } from './moment.ts'
import type { Session } from './session.ts'
import type { Column } from './table.ts'

interface LogOptions {
  readonly limit: number
  readonly subject?: string
  readonly before?: number
}

/** `config log`: what was changed, by whom, newest first. */
export async function auditLog(session: Session, options: LogOptions): Promise<void> {
  const shapes = (await (await session.store()).audit(options)).map(auditShape)
  session.out.list(COLUMNS, shapes)
  const last = shapes.at(-1)
  if (last === undefined) session.out.say('No such change.')
  else if (shapes.length === options.limit) {
    session.out.say(`There may be more: --before ${last.id}`)
  }
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
