import type { AuditEntry } from '../model/audit.ts'
import type { Store } from '../model/store.ts'
import { readJson } from './json.ts'
import type { StoreParts } from './parts.ts'

/** Reads what changes left behind; see `change.ts` for how. */
export function auditVerbs({ engine }: StoreParts): Pick<Store, 'audit'> {
  return {
    audit: ({ limit, subject }) =>
      engine.query(async db => {
        const all = db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(limit)
        const wanted =
          subject === undefined
            ? all
            : all.where(row =>
                row.or([
                  row('subject', '=', subject),
                  row(
                    row.fn('substr', ['subject', row.val(1), row.val([...subject].length + 1)]),
                    '=',
                    `${subject}/`,
                  ),
                ]),
              )
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
