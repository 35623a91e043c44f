import { readSession, search } from './api.ts'
import { FIRST_WAIT, nextWait } from './backoff.ts'
import { after } from './clock.ts'
import type { ExchangeShape, RecordFilter } from './contract.ts'

export type LiveState = 'connecting' | 'live' | 'hidden' | 'waiting'

export interface LiveListener {
  readonly onExchange: (exchange: ExchangeShape) => void
  readonly onDropped: (count: number) => void
  readonly onState: (state: LiveState) => void
}

/**
 * Follows requests as they end, for as long as the tab is shown. What breaks off is connected again,
 * later each time up to half a minute, and a session that has ended leads to the login.
 * @returns what ends it
 */
export function follow(filter: RecordFilter, listener: LiveListener): () => void {
  let source: EventSource | null = null
  let cancel = () => {}
  let wait = FIRST_WAIT

  const close = () => {
    cancel()
    source?.close()
    source = null
  }
  const open = () => {
    close()
    if (document.hidden) return listener.onState('hidden')
    listener.onState('connecting')
    source = new EventSource(`/admin/api/live${search({ ...filter })}`)
    source.addEventListener('open', () => {
      wait = FIRST_WAIT
      listener.onState('live')
    })
    source.addEventListener('exchange', event =>
      listener.onExchange(JSON.parse(event.data) as ExchangeShape),
    )
    source.addEventListener('dropped', event => listener.onDropped(droppedOf(event.data)))
    source.addEventListener('error', broken)
  }
  const broken = () => {
    close()
    listener.onState('waiting')
    readSession().catch(() => {})
    cancel = after(wait, open)
    wait = nextWait(wait)
  }

  document.addEventListener('visibilitychange', open)
  open()
  return () => {
    document.removeEventListener('visibilitychange', open)
    close()
  }
}

function droppedOf(data: string): number {
  const value = JSON.parse(data) as number | { dropped: number }
  return typeof value === 'number' ? value : value.dropped
}
