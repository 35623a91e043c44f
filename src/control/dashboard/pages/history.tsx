import { useEffect } from 'preact/hooks'
import type { AuditShape } from '../data/contract.ts'
import { formatValue } from '../data/format.ts'
import { useRead } from '../data/hooks.ts'
import { refine } from '../data/navigation.ts'
import type { Place } from '../data/router.ts'
import { t } from '../text/text.ts'
import { Field } from '../ui/field.tsx'
import { Loaded, Section } from '../ui/page.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Moment } from '../ui/time.tsx'
import { Older } from './older.tsx'

const LIMIT = 50

interface HistoryProps {
  readonly place: Place
  /** How many were made on this page: each is shown at once. */
  readonly changes: number
}

/** Who changed what, and when. */
export function History({ place, changes }: HistoryProps) {
  const { subject = '', before = '' } = place.query
  const query = {
    limit: LIMIT,
    ...(subject ? { subject } : {}),
    ...(Number(before) > 0 ? { before: Number(before) } : {}),
  }
  const reading = useRead('audit.list', query, { every: 15_000 })
  const { again } = reading
  useEffect(() => {
    if (changes > 0) again()
  }, [changes, again])
  return (
    <Section title={t('history')}>
      <search class="filter">
        <Field
          label={t('history.subject')}
          value={subject}
          onInput={next => refine({ subject: next.trim(), before: '' })}
          hint={t('history.hint')}
        />
      </search>
      <Loaded reading={reading}>
        {entries => (
          <>
            <Table
              caption={t('history')}
              columns={columnsOf()}
              rows={entries}
              idOf={row => String(row.id)}
              empty={t('history.none')}
            />
            <Older
              first={before === ''}
              last={entries.length < LIMIT}
              onNewest={() => refine({ before: '' })}
              onOlder={() => refine({ before: String(entries.at(-1)?.id ?? '') })}
            />
          </>
        )}
      </Loaded>
    </Section>
  )
}

function columnsOf(): readonly Column<AuditShape>[] {
  return [
    { head: t('time'), role: 'name', cell: row => <Moment time={row.time} /> },
    { head: t('revision'), right: true, cell: row => row.revision },
    { head: t('who'), cell: row => row.who },
    { head: t('action'), cell: row => <code>{row.action}</code> },
    { head: t('subject'), role: 'long', cell: row => row.subject },
    { head: t('before'), role: 'long', cell: row => formatValue(row.before) },
    { head: t('after'), role: 'long', cell: row => formatValue(row.after) },
    { head: t('command'), role: 'long', cell: row => <code>{row.command}</code> },
  ]
}
