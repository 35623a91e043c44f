import { useEffect, useRef, useState } from 'preact/hooks'
import { after } from '../data/clock.ts'
import type { ExchangeShape, RecordFilter } from '../data/contract.ts'
import { follow, type LiveState } from '../data/live.ts'
import { t } from '../text/text.ts'
import { Badge, type Tone } from '../ui/badge.tsx'
import { ExchangeTable } from './exchange-table.tsx'

/** Rows that are kept, and how often they are drawn: many requests a second must not freeze the tab. */
const KEPT = 200
const DRAW_MS = 250

const TONES: Readonly<Record<LiveState, Tone>> = {
  live: 'good',
  connecting: 'plain',
  waiting: 'wait',
  hidden: 'off',
}

interface LiveRequestsProps {
  readonly filter: RecordFilter
  readonly onOpen: (exchange: ExchangeShape) => void
}

export function LiveRequests({ filter, onOpen }: LiveRequestsProps) {
  const [rows, setRows] = useState<readonly ExchangeShape[]>([])
  const [dropped, setDropped] = useState(0)
  const [state, setState] = useState<LiveState>('connecting')
  const [paused, setPaused] = useState(false)
  const pausedNow = useRef(paused)
  pausedNow.current = paused
  const text = JSON.stringify(filter)
  useEffect(() => {
    let waiting: ExchangeShape[] = []
    let cancel: (() => void) | null = null
    const draw = () => {
      cancel = null
      if (pausedNow.current) waiting = waiting.slice(-KEPT)
      else {
        const fresh = waiting.reverse()
        waiting = []
        setRows(old => [...fresh, ...old].slice(0, KEPT))
      }
    }
    setRows([])
    setDropped(0)
    const end = follow(JSON.parse(text) as RecordFilter, {
      onExchange: exchange => {
        waiting.push(exchange)
        cancel ??= after(DRAW_MS, draw)
      },
      onDropped: count => setDropped(old => old + count),
      onState: setState,
    })
    return () => {
      end()
      cancel?.()
    }
  }, [text])
  return (
    <>
      <div class="bulk">
        <p role="status" aria-live="polite">
          <Badge
            tone={paused ? 'off' : TONES[state]}
            text={paused ? t('live.paused') : t(`live.${state}`)}
          />
          {dropped > 0 && <span> {t('live.dropped', { n: dropped })}</span>}
        </p>
        <div class="buttons-row">
          <button type="button" aria-pressed={paused} onClick={() => setPaused(!paused)}>
            {paused ? t('live.resume') : t('live.pause')}
          </button>
          <button type="button" onClick={() => setRows([])}>
            {t('live.clear')}
          </button>
        </div>
      </div>
      <ExchangeTable rows={rows} onOpen={onOpen} empty={t('live.none')} />
    </>
  )
}
