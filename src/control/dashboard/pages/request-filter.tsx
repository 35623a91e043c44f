import { useEffect, useState } from 'preact/hooks'
import { after, now } from '../data/clock.ts'
import type { RecordFilter } from '../data/contract.ts'
import { refine } from '../data/navigation.ts'
import type { Place } from '../data/router.ts'
import { t } from '../text/text.ts'
import { Field, Select } from '../ui/field.tsx'

const TEXTS = ['requestId', 'provider', 'key', 'token', 'model', 'path'] as const
const TYPING_MS = 350
const HOUR = 3_600_000
const AGES: Readonly<Record<string, number>> = { h1: HOUR, h24: 24 * HOUR, d7: 168 * HOUR }

/** What the query asks for; an age becomes a time of a whole minute, so that pages stay the same. */
export function filterOf(query: Place['query']): RecordFilter {
  const age = AGES[query.age ?? '']
  const texts = TEXTS.flatMap(name => (query[name] ? [[name, query[name]] as const] : []))
  return {
    ...Object.fromEntries(texts),
    ...(query.status ? { status: query.status } : {}),
    ...(age === undefined ? {} : { since: String(Math.floor((now() - age) / 60_000) * 60_000) }),
  }
}

interface RequestFilterProps {
  readonly place: Place
  /** Whether times can be asked for. */
  readonly past: boolean
}

export function RequestFilter({ place: { query }, past }: RequestFilterProps) {
  return (
    <search class="filter">
      {TEXTS.map(name => (
        <FilterText key={name} name={name} given={query[name] ?? ''} />
      ))}
      <Select
        label={t('status')}
        value={query.status ?? ''}
        options={[
          ['', t('all')],
          ['2xx', '2xx'],
          ['error', t('status.error')],
          ['4xx', '4xx'],
          ['429', '429'],
          ['5xx', '5xx'],
        ]}
        onChange={status => refine({ status, before: '' })}
      />
      {past && (
        <Select
          label={t('time')}
          value={query.age ?? ''}
          options={[
            ['', t('age.any')],
            ['h1', t('range.1h')],
            ['h24', t('range.24h')],
            ['d7', t('range.7d')],
          ]}
          onChange={age => refine({ age, before: '' })}
        />
      )}
    </search>
  )
}

function FilterText({ name, given }: { name: (typeof TEXTS)[number]; given: string }) {
  const [typed, setTyped] = useState(given)
  useEffect(() => {
    if (typed === given) return undefined
    return after(TYPING_MS, () => refine({ [name]: typed.trim(), before: '' }))
  }, [typed, given, name])
  return (
    <Field
      label={t(`filter.${name}`)}
      type={name === 'requestId' ? 'search' : 'text'}
      value={typed}
      onInput={setTyped}
    />
  )
}
