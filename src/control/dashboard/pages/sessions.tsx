import { useState } from 'preact/hooks'
import { change } from '../data/api.ts'
import type { BrowserSession } from '../data/contract.ts'
import { useRead } from '../data/hooks.ts'
import { t } from '../text/text.ts'
import { Badge } from '../ui/badge.tsx'
import { Confirm, type Question } from '../ui/confirm.tsx'
import { Loaded, Section } from '../ui/page.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Moment, TimeLeft } from '../ui/time.tsx'

/** Browsers that are logged in. */
export function Sessions() {
  const reading = useRead('sessions.list', {}, { every: 30_000 })
  const [question, setQuestion] = useState<Question | null>(null)
  return (
    <Section title={t('sessions')}>
      <Loaded reading={reading}>
        {sessions => (
          <Table
            caption={t('sessions')}
            columns={columnsOf(session => setQuestion(revokeQuestion(session)))}
            rows={sessions}
            idOf={row => row.id}
            empty={t('sessions.none')}
          />
        )}
      </Loaded>
      {question && (
        <Confirm question={question} onClose={() => setQuestion(null)} onEnd={reading.again} />
      )}
    </Section>
  )
}

function columnsOf(onRevoke: (session: BrowserSession) => void): readonly Column<BrowserSession>[] {
  return [
    {
      head: t('id'),
      role: 'name',
      cell: row => (
        <>
          <code>{row.id}</code> {row.current && <Badge tone="good" text={t('sessions.this')} />}
        </>
      ),
    },
    { head: t('peer'), cell: row => row.peer },
    { head: t('created'), cell: row => <Moment time={row.created} /> },
    { head: t('seen'), cell: row => <Moment time={row.seen} /> },
    { head: t('expires'), cell: row => <TimeLeft until={row.expires} /> },
    {
      head: t('actions'),
      role: 'actions',
      cell: row => (
        <button
          type="button"
          class="danger-quiet"
          aria-label={t('sessions.revoke.title', { id: row.id })}
          onClick={() => onRevoke(row)}
        >
          {t('sessions.revoke')}
        </button>
      ),
    },
  ]
}

function revokeQuestion({ id }: BrowserSession): Question {
  return {
    title: t('sessions.revoke.title', { id }),
    body: <p>{t('sessions.revoke.body')}</p>,
    action: t('sessions.revoke'),
    work: () => change('sessions.revoke', { id }),
    done: t('sessions.revoked'),
  }
}
