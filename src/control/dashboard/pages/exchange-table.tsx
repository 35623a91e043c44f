import type { ExchangeShape } from '../data/contract.ts'
import { formatMs, formatTokens, NONE } from '../data/format.ts'
import { t } from '../text/text.ts'
import { Status } from '../ui/badge.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Moment } from '../ui/time.tsx'

interface ExchangeTableProps {
  readonly rows: readonly ExchangeShape[]
  readonly onOpen: (exchange: ExchangeShape) => void
  readonly empty: string
}

export function ExchangeTable({ rows, onOpen, empty }: ExchangeTableProps) {
  return (
    <Table
      caption={t('nav.requests')}
      columns={columnsOf(onOpen)}
      rows={rows}
      idOf={row => row.request_id}
      empty={empty}
    />
  )
}

function columnsOf(onOpen: (exchange: ExchangeShape) => void): readonly Column<ExchangeShape>[] {
  return [
    {
      head: t('time'),
      role: 'name',
      cell: row => (
        <button type="button" class="link" onClick={() => onOpen(row)}>
          <Moment time={row.time} />
          <span class="unseen"> {t('requests.open', { id: row.request_id })}</span>
        </button>
      ),
    },
    { head: t('status'), cell: row => <Status status={row.status} /> },
    { head: t('outcome'), cell: row => row.outcome },
    { head: t('model'), role: 'long', cell: row => row.model ?? NONE },
    { head: t('provider'), cell: row => row.provider ?? NONE },
    { head: t('key'), cell: row => row.key_label || row.key || NONE },
    { head: t('token'), cell: row => row.token ?? NONE },
    {
      head: t('request'),
      role: 'long',
      cell: row => <code>{`${row.method} ${row.path}`}</code>,
    },
    { head: t('attempts'), right: true, cell: row => row.attempts },
    { head: t('ttft.short'), right: true, cell: row => formatMs(row.ttft_ms) },
    { head: t('duration'), right: true, cell: row => formatMs(row.ms) },
    {
      head: t('tokens'),
      right: true,
      cell: row => formatTokens(row.prompt_tokens, row.completion_tokens),
    },
  ]
}
