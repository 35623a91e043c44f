import type { ComponentChildren } from 'preact'
import type { ProviderStatus } from '../data/contract.ts'
import { NONE } from '../data/format.ts'
import { t } from '../text/text.ts'
import { Badge } from '../ui/badge.tsx'

/** Models that a provider keeps failing for. */
export function breakersOf({ breakers }: Pick<ProviderStatus, 'breakers'>): ComponentChildren {
  const open = Object.entries(breakers)
  if (open.length === 0) return NONE
  return (
    <span class="badges">
      {open.map(([model, state]) => (
        <Badge
          key={model}
          tone={state === 'open' ? 'bad' : 'wait'}
          text={`${nameOf(model)}: ${t(state === 'open' ? 'breaker.open' : 'breaker.half')}`}
        />
      ))}
    </span>
  )
}

function nameOf(model: string): string {
  if (model === '*') return t('models.all')
  return model || t('model.none')
}
