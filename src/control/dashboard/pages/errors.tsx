import type { FailureShape } from '../data/contract.ts'
import { formatMs, NONE } from '../data/format.ts'
import { useRead } from '../data/hooks.ts'
import { go, refine } from '../data/navigation.ts'
import type { Place } from '../data/router.ts'
import { t } from '../text/text.ts'
import { Badge, Status } from '../ui/badge.tsx'
import { Loaded, Page } from '../ui/page.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Moment } from '../ui/time.tsx'
import { ErrorCode } from './error-code.tsx'
import { KeyLink } from './key-link.tsx'
import { Older } from './older.tsx'
import { filterOf, RequestFilter } from './request-filter.tsx'

const LIMIT = 100

/** Attempts that failed, also of requests that got their answer elsewhere. */
export function Errors({ place }: { place: Place }) {
  const before = Number(place.query.before ?? 0)
  const query = { ...filterOf(place.query), limit: LIMIT, ...(before > 0 ? { before } : {}) }
  const reading = useRead('errors.list', query)
  return (
    <Page title={t('nav.errors')}>
      <RequestFilter place={place} past />
      <Loaded reading={reading}>
        {rows => (
          <>
            <Table
              caption={t('nav.errors')}
              columns={columnsOf()}
              rows={rows}
              idOf={row => String(row.id)}
              empty={t('errors.none')}
            />
            <Older
              first={before === 0}
              last={rows.length < LIMIT}
              onNewest={() => refine({ before: '' })}
              onOlder={() => refine({ before: String(rows.at(-1)?.id ?? '') })}
              onAgain={reading.again}
            />
          </>
        )}
      </Loaded>
    </Page>
  )
}

function columnsOf(): readonly Column<FailureShape>[] {
  return [
    {
      head: t('time'),
      role: 'name',
      cell: row => (
        <button
          type="button"
          class="link"
          onClick={() => go('requests', null, { mode: 'past', requestId: row.request_id })}
        >
          <Moment time={row.time} />
          <span class="unseen"> {t('requests.open', { id: row.request_id })}</span>
        </button>
      ),
    },
    { head: t('status'), cell: row => <Status status={row.status} /> },
    { head: t('fault'), cell: row => <Badge tone="bad" text={row.fault} /> },
    { head: t('code'), cell: row => <ErrorCode code={row.code} /> },
    { head: t('provider'), cell: row => row.provider },
    { head: t('key'), cell: row => <KeyLink id={row.key} /> },
    { head: t('model'), role: 'long', cell: row => row.model ?? NONE },
    { head: t('attempt'), right: true, cell: row => row.attempt },
    { head: t('duration'), right: true, cell: row => formatMs(row.ms) },
    { head: t('excerpt'), role: 'long', cell: row => row.excerpt || NONE },
  ]
}
