import type { KeyCondition } from '../data/contract.ts'
import { formatCount, formatShare } from '../data/format.ts'
import { go } from '../data/navigation.ts'
import { t } from '../text/text.ts'
import { KEY_CONDITIONS, KEY_STATES, KeyState } from '../ui/badge.tsx'
import { Section } from '../ui/page.tsx'

type Counts = Readonly<Record<KeyCondition, number>>

/** How many keys are in each state; each leads to these keys. */
export function KeysByState({ keys }: { keys: Counts }) {
  const total = sumOf(keys)
  return (
    <Section title={t('keys.by.state')}>
      {total === 0 ? (
        <p class="empty">{t('keys.none')}</p>
      ) : (
        <>
          <StateBar keys={keys} />
          <ul class="states">
            {KEY_CONDITIONS.map(state => (
              <li key={state}>
                <button type="button" class="link" onClick={() => go('keys', null, { state })}>
                  <KeyState state={state} />
                </button>
                <span>{formatCount(keys[state])}</span>
                <small>{formatShare(keys[state], total)}</small>
              </li>
            ))}
          </ul>
        </>
      )}
    </Section>
  )
}

/** The states' shares as one bar; what it says stands beside it in words. */
export function StateBar({ keys }: { keys: Counts }) {
  const total = sumOf(keys)
  if (total === 0) return null
  let from = 0
  return (
    <svg class="bar" viewBox={`0 0 ${total} 1`} preserveAspectRatio="none" aria-hidden="true">
      {KEY_CONDITIONS.map(state => {
        const at = from
        from += keys[state]
        return (
          <rect
            key={state}
            class={KEY_STATES[state].tone}
            x={at}
            y={0}
            width={keys[state]}
            height={1}
          />
        )
      })}
    </svg>
  )
}

export function sumOf(keys: Counts): number {
  return Object.values(keys).reduce((sum, count) => sum + count, 0)
}
