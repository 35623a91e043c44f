import { useState } from 'preact/hooks'
import type { ExchangeShape, RecordFilter } from '../data/contract.ts'
import { refine } from '../data/navigation.ts'
import type { Place } from '../data/router.ts'
import { t } from '../text/text.ts'
import { Choice } from '../ui/choice.tsx'
import { Page } from '../ui/page.tsx'
import { RequestDetail } from './request-detail.tsx'
import { filterOf, RequestFilter } from './request-filter.tsx'
import { LiveRequests } from './requests-live.tsx'
import { PastRequests } from './requests-past.tsx'

/** Requests as they end, or those that are in the log. */
export function Requests({ place }: { place: Place }) {
  const [shown, setShown] = useState<ExchangeShape | null>(null)
  const past = place.query.mode === 'past'
  const filter = filterOf(place.query)
  const tools = (
    <Choice
      label={t('requests.mode')}
      value={past ? 'past' : 'live'}
      options={[
        ['live', t('requests.live')],
        ['past', t('requests.past')],
      ]}
      onChange={mode => refine({ mode: mode === 'live' ? '' : mode, before: '' })}
    />
  )
  return (
    <Page title={t('nav.requests')} tools={tools}>
      <RequestFilter key={String(past)} place={place} past={past} />
      {past ? (
        <PastRequests place={place} filter={filter} onOpen={setShown} />
      ) : (
        <LiveRequests filter={withoutTimes(filter)} onOpen={setShown} />
      )}
      {shown && <RequestDetail exchange={shown} onClose={() => setShown(null)} />}
    </Page>
  )
}

function withoutTimes({ since: _, until: __, ...filter }: RecordFilter): RecordFilter {
  return filter
}
