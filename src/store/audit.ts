import type { AuditEntry } from '../model/audit.ts'
import type { Store } from '../model/store.ts'
import { isAbout } from './audit-subject.ts'
import { readJson } from './json.ts'
import type { StoreParts } from './parts.ts'

/** Reads what changes left behind; see `change.ts` for how. */
export function auditVerbs({ engine }: StoreParts): Pick<Store, 'audit'> {
  return {
    audit: ({ limit, subject, before }) =>
      engine.query(async db => {
        let wanted = db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(limit)
        if (subject !== undefined) wanted = wanted.where(row => isAbout(row, subject))
        if (before !== undefined) wanted = wanted.where('id', '<', before)
        return (await wanted.execute()).map((row): AuditEntry => {
          const { id, revision, time, who, command, action } = row
          const [earlier, after] = [row.before_value, row.after_value].map(text =>
            text === null ? null : readJson(text, `Audit row ${id}`),
          )
          return {
            ...{ id, revision, time, who, command, action, subject: row.subject },
            ...{ before: earlier, after },
          }
        })
      }),
  }
}
