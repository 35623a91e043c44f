import { useState } from 'preact/hooks'
import { change } from '../data/api.ts'
import type { TokenShape } from '../data/contract.ts'
import { formatCount } from '../data/format.ts'
import { useRead } from '../data/hooks.ts'
import { t } from '../text/text.ts'
import { Badge } from '../ui/badge.tsx'
import { Confirm, type Question } from '../ui/confirm.tsx'
import { Loaded, Page } from '../ui/page.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Moment } from '../ui/time.tsx'
import { TokenForm } from './token-form.tsx'

type Open =
  | { readonly kind: 'form'; readonly token: TokenShape | null; readonly revision: number | null }
  | { readonly kind: 'ask'; readonly question: Question }

export function Tokens() {
  const reading = useRead('tokens.list', {}, { every: 15_000 })
  const [open, setOpen] = useState<Open | null>(null)
  const { revision, again } = reading
  const close = () => setOpen(null)
  const tools = (
    <button
      type="button"
      class="primary"
      onClick={() => setOpen({ kind: 'form', token: null, revision: null })}
    >
      {t('tokens.create')}
    </button>
  )
  return (
    <Page title={t('nav.tokens')} tools={tools}>
      <Loaded reading={reading}>
        {tokens => (
          <Table
            caption={t('nav.tokens')}
            columns={columnsOf(
              token => setOpen({ kind: 'form', token, revision }),
              token => setOpen({ kind: 'ask', question: revokeQuestion(token, revision) }),
            )}
            rows={tokens}
            idOf={row => row.id}
            empty={t('tokens.none')}
          />
        )}
      </Loaded>
      {open?.kind === 'form' && (
        <TokenForm token={open.token} revision={open.revision} onClose={close} onEnd={again} />
      )}
      {open?.kind === 'ask' && <Confirm question={open.question} onClose={close} onEnd={again} />}
    </Page>
  )
}

function columnsOf(
  onChange: (token: TokenShape) => void,
  onRevoke: (token: TokenShape) => void,
): readonly Column<TokenShape>[] {
  const limit = (value: number | null) => (value === null ? t('limit.none') : formatCount(value))
  return [
    { head: t('name'), role: 'name', cell: row => row.name },
    { head: t('token'), cell: row => <code>{row.masked}</code> },
    {
      head: t('state'),
      cell: row => (
        <span class="badges">
          <Badge
            tone={row.state === 'active' ? 'good' : 'off'}
            text={t(row.state === 'active' ? 'state.active' : 'tokens.expired')}
          />
          {row.weak && <Badge tone="wait" text={t('tokens.weak')} />}
        </span>
      ),
    },
    {
      head: t('nav.providers'),
      role: 'long',
      cell: row => row.providers?.join(', ') ?? t('all'),
    },
    { head: t('models'), role: 'long', cell: row => row.models?.join(', ') ?? t('all') },
    { head: t('rpm'), right: true, cell: row => limit(row.rpm) },
    { head: t('concurrency'), right: true, cell: row => limit(row.concurrency) },
    {
      head: t('expires'),
      cell: row => (row.expires === null ? t('never') : <Moment time={row.expires} />),
    },
    { head: t('created'), cell: row => <Moment time={row.created} /> },
    {
      head: t('actions'),
      role: 'actions',
      cell: row => (
        <span class="buttons-row">
          <button
            type="button"
            aria-label={t('change.one', { name: row.name })}
            onClick={() => onChange(row)}
          >
            {t('change')}
          </button>
          <button
            type="button"
            class="danger-quiet"
            aria-label={t('tokens.revoke.title', { name: row.name })}
            onClick={() => onRevoke(row)}
          >
            {t('tokens.revoke')}
          </button>
        </span>
      ),
    },
  ]
}

function revokeQuestion({ name, id }: TokenShape, revision: number | null): Question {
  return {
    title: t('tokens.revoke.title', { name }),
    body: <p>{t('tokens.revoke.body')}</p>,
    action: t('tokens.revoke'),
    typed: name,
    work: () => change('tokens.revoke', { token: id }, revision),
    done: t('tokens.revoked', { name }),
  }
}
