import type { ExchangeShape, RecordFilter } from '../data/contract.ts'
import { useRead } from '../data/hooks.ts'
import { refine } from '../data/navigation.ts'
import type { Place } from '../data/router.ts'
import { t } from '../text/text.ts'
import { Loaded } from '../ui/page.tsx'
import { ExchangeTable } from './exchange-table.tsx'
import { Older } from './older.tsx'

const LIMIT = 100

interface PastRequestsProps {
  readonly place: Place
  readonly filter: RecordFilter
  readonly onOpen: (exchange: ExchangeShape) => void
}

export function PastRequests({ place, filter, onOpen }: PastRequestsProps) {
  const before = Number(place.query.before ?? 0)
  const query = { ...filter, limit: LIMIT, ...(before > 0 ? { before } : {}) }
  const reading = useRead('requests.list', query)
  return (
    <Loaded reading={reading}>
      {rows => (
        <>
          <ExchangeTable rows={rows} onOpen={onOpen} empty={t('requests.none')} />
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
  )
}
