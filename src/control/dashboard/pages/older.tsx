import { t } from '../text/text.ts'

interface OlderProps {
  /** This is the newest page. */
  readonly first: boolean
  /** There is nothing older. */
  readonly last: boolean
  readonly onNewest: () => void
  readonly onOlder: () => void
  readonly onAgain?: () => void
}

/** Steps back through a log, whose length nobody knows. */
export function Older({ first, last, onNewest, onOlder, onAgain }: OlderProps) {
  return (
    <nav class="pager" aria-label={t('pages')}>
      {onAgain && first && (
        <button type="button" onClick={onAgain}>
          {t('again')}
        </button>
      )}
      <button type="button" disabled={first} onClick={onNewest}>
        {t('pages.newest')}
      </button>
      <button type="button" disabled={last} onClick={onOlder}>
        {t('pages.older')}
      </button>
    </nav>
  )
}
