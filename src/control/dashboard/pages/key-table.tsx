import type { KeyStatus } from '../data/contract.ts'
import { formatCount, NONE } from '../data/format.ts'
import { go } from '../data/navigation.ts'
import { t } from '../text/text.ts'
import { KeyState } from '../ui/badge.tsx'
import { type Column, type Sorting, Table } from '../ui/table.tsx'
import { Moment, TimeLeft } from '../ui/time.tsx'

interface KeyTableProps {
  readonly rows: readonly KeyStatus[]
  readonly sorting: Sorting
  readonly chosen: ReadonlySet<string>
  readonly onChosen: (chosen: ReadonlySet<string>) => void
}

export function KeyTable({ rows, sorting, chosen, onChosen }: KeyTableProps) {
  const nameOf = (id: string) => {
    const row = rows.find(one => one.id === id)
    return row?.label || row?.masked || id
  }
  return (
    <Table
      caption={t('nav.keys')}
      columns={columnsOf()}
      rows={rows}
      idOf={row => row.id}
      empty={t('keys.none')}
      sorting={sorting}
      selection={{ chosen, onChange: onChosen, nameOf }}
    />
  )
}

function columnsOf(): readonly Column<KeyStatus>[] {
  return [
    {
      head: t('key'),
      role: 'name',
      sort: 'label',
      cell: row => (
        <button type="button" class="link" onClick={() => go('keys', row.id)}>
          {row.label || row.id}
        </button>
      ),
    },
    { head: t('value'), cell: row => <code>{row.reference ?? row.masked}</code> },
    { head: t('provider'), cell: row => row.provider },
    { head: t('state'), sort: 'state', cell: row => <KeyState state={row.state} /> },
    { head: t('why'), role: 'long', cell: row => row.reason || NONE },
    {
      head: t('returns'),
      cell: row => (row.until === null ? NONE : <TimeLeft until={row.until} />),
    },
    {
      head: t('failures'),
      right: true,
      sort: 'failures',
      cell: row => formatCount(row.failures),
    },
    { head: t('weight'), right: true, cell: row => row.weight },
    { head: t('tier'), right: true, cell: row => row.tier },
    { head: t('created'), sort: 'created', cell: row => <Moment time={row.created} /> },
  ]
}
