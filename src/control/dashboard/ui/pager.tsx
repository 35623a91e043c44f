import { formatCount } from '../data/format.ts'
import { t } from '../text/text.ts'

interface PagerProps {
  readonly offset: number
  readonly limit: number
  readonly total: number
  readonly onMove: (offset: number) => void
}

/** Steps through pages of a list that knows its length. */
export function Pager({ offset, limit, total, onMove }: PagerProps) {
  if (total <= limit && offset === 0) return null
  const last = Math.max(0, Math.floor((total - 1) / limit) * limit)
  const range = `${formatCount(Math.min(offset + 1, total))}–${formatCount(Math.min(offset + limit, total))}`
  return (
    <nav class="pager" aria-label={t('pages')}>
      <button type="button" disabled={offset === 0} onClick={() => onMove(0)}>
        {t('pages.first')}
      </button>
      <button
        type="button"
        disabled={offset === 0}
        onClick={() => onMove(Math.max(0, offset - limit))}
      >
        {t('pages.back')}
      </button>
      <span>{t('pages.of', { range, total })}</span>
      <button type="button" disabled={offset >= last} onClick={() => onMove(offset + limit)}>
        {t('pages.next')}
      </button>
      <button type="button" disabled={offset >= last} onClick={() => onMove(last)}>
        {t('pages.last')}
      </button>
    </nav>
  )
}
