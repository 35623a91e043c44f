import type { AuditEntry } from '../model/audit.ts'
import type { Store } from '../model/store.ts'
import { isAbout } from './audit-subject.ts'
import { readJson } from './json.ts'
import type { StoreParts } from './parts.ts'

/** Reads what changes left behind; see `change.ts` for how. */
export function auditVerbs({ engine }: StoreParts): Pick<Store, 'audit'> {
  return {
    audit: ({ limit, subject }) =>
      engine.query(async db => {
        const all = db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(limit)
        const wanted = subject === undefined ? all : all.where(row => isAbout(row, subject))
        return (await wanted.execute()).map((row): AuditEntry => {
          const { id, revision, time, who, command, action } = row
          const [before, after] = [row.before_value, row.after_value].map(text =>
            text === null ? null : readJson(text, `Audit row ${id}`),
          )
          return { id, revision, time, who, command, action, subject: row.subject, before, after }
        })
      }),
  }
}
