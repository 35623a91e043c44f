import type { ComponentChildren } from 'preact'
import type { Order } from '../data/contract.ts'
import { NONE } from '../data/format.ts'
import { t } from '../text/text.ts'

export interface Column<Row> {
  readonly head: string
  readonly cell: (row: Row) => ComponentChildren
  readonly right?: boolean
  /** What it is sorted by, where it can be. */
  readonly sort?: string
  /** `name`: heads the row; `actions`: buttons; `long`: may break. */
  readonly role?: 'name' | 'actions' | 'long'
}

export interface Sorting {
  readonly by: string
  readonly order: Order
  readonly onSort: (by: string, order: Order) => void
}

export interface Selection {
  readonly chosen: ReadonlySet<string>
  readonly onChange: (chosen: ReadonlySet<string>) => void
  readonly nameOf: (id: string) => string
}

interface TableProps<Row> {
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly idOf: (row: Row) => string
  /** Said where there are no rows. */
  readonly empty: ComponentChildren
  readonly sorting?: Sorting
  readonly selection?: Selection
}

/** A table that becomes a card for each row where it is narrow. */
export function Table<Row>(props: TableProps<Row>) {
  const { caption, columns, rows, idOf, empty, sorting, selection } = props
  if (rows.length === 0) return <p class="empty">{empty}</p>
  return (
    <div class="scroll">
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {selection && <SelectAll ids={rows.map(idOf)} selection={selection} />}
            {columns.map(column => (
              <Head key={column.head} column={column} sorting={sorting} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={idOf(row)} class={selection?.chosen.has(idOf(row)) ? 'chosen' : undefined}>
              {selection && <SelectOne id={idOf(row)} selection={selection} />}
              {columns.map(column => (
                <Cell key={column.head} column={column} row={row} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Cell<Row>({ column, row }: { column: Column<Row>; row: Row }) {
  const content = column.cell(row)
  const classes = [
    ...(column.right ? ['right'] : []),
    ...(column.role ? [column.role] : []),
    ...(content === NONE ? ['none'] : []),
  ]
  const shared = { class: classes.join(' ') || undefined, 'data-head': column.head }
  if (column.role !== 'name') return <td {...shared}>{content}</td>
  return (
    <th scope="row" {...shared}>
      {content}
    </th>
  )
}

interface HeadProps<Row> {
  readonly column: Column<Row>
  readonly sorting: Sorting | undefined
}

function Head<Row>({ column, sorting }: HeadProps<Row>) {
  const { head, sort, right, role } = column
  const side = right ? 'right' : undefined
  if (role === 'actions') {
    return (
      <th scope="col" class="actions">
        <span class="unseen">{head}</span>
      </th>
    )
  }
  if (!sort || !sorting) {
    return (
      <th scope="col" class={side}>
        {head}
      </th>
    )
  }
  const order = sorting.by === sort ? sorting.order : null
  return (
    <th
      scope="col"
      class={side}
      aria-sort={order === null ? 'none' : order === 'asc' ? 'ascending' : 'descending'}
    >
      <button
        type="button"
        class="sort"
        onClick={() => sorting.onSort(sort, order === 'asc' ? 'desc' : 'asc')}
      >
        {head}
        <span aria-hidden="true">{order === null ? ' ↕' : order === 'asc' ? ' ↑' : ' ↓'}</span>
      </button>
    </th>
  )
}

function SelectAll({ ids, selection }: { ids: readonly string[]; selection: Selection }) {
  const { chosen, onChange } = selection
  const all = ids.every(id => chosen.has(id))
  const toggle = () => {
    const next = new Set(chosen)
    for (const id of ids) {
      if (all) next.delete(id)
      else next.add(id)
    }
    onChange(next)
  }
  return (
    <th scope="col" class="select">
      <input
        type="checkbox"
        checked={all}
        ref={box => {
          if (box) box.indeterminate = !all && ids.some(id => chosen.has(id))
        }}
        onChange={toggle}
        aria-label={t('select.page')}
      />
    </th>
  )
}

function SelectOne({ id, selection }: { id: string; selection: Selection }) {
  const { chosen, onChange, nameOf } = selection
  const toggle = () => {
    const next = new Set(chosen)
    if (!next.delete(id)) next.add(id)
    onChange(next)
  }
  return (
    <td class="select">
      <input
        type="checkbox"
        checked={chosen.has(id)}
        onChange={toggle}
        aria-label={t('select.one', { name: nameOf(id) })}
      />
    </td>
  )
}
