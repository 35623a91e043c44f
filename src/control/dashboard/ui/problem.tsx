import { type ApiError, NOT_IN_FORCE } from '../data/api.ts'
import { t } from '../text/text.ts'

/** What went wrong: message, way out, and the code to look up. */
export function Problem({ error, again }: { error: ApiError | null; again?: () => void }) {
  if (!error) return null
  const stale = error.code === 'stale_plan'
  return (
    <div class="problem" role="alert">
      <p>
        <strong>{stale ? t('stale') : error.message}</strong> <code>{error.code}</code>
      </p>
      {error.code === NOT_IN_FORCE && <p>{t('not.in.force')}</p>}
      {error.hint && <p>{error.hint}</p>}
      {again && (
        <button type="button" onClick={again}>
          {t('again')}
        </button>
      )}
    </div>
  )
}
