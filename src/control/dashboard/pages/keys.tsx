import { useEffect, useState } from 'preact/hooks'
import { after } from '../data/clock.ts'
import type { KeyCondition, KeyQuery, KeySort, Order } from '../data/contract.ts'
import { useRead } from '../data/hooks.ts'
import { refine } from '../data/navigation.ts'
import type { Place } from '../data/router.ts'
import { t } from '../text/text.ts'
import { KEY_CONDITIONS } from '../ui/badge.tsx'
import { Field, Select } from '../ui/field.tsx'
import { Loaded, Page } from '../ui/page.tsx'
import { Pager } from '../ui/pager.tsx'
import { KeyDetailPage } from './key-detail.tsx'
import { KeyTable } from './key-table.tsx'
import { KeysAdd } from './keys-add.tsx'
import { KeysBulk } from './keys-bulk.tsx'

const LIMIT = 100
const EVERY = 5_000
const TYPING_MS = 250

export function Keys({ place }: { place: Place }) {
  if (place.item !== null) return <KeyDetailPage id={place.item} />
  return <KeyList place={place} />
}

function KeyList({ place }: { place: Place }) {
  const query = queryOf(place.query)
  const reading = useRead('keys.list', query, { every: EVERY })
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [adding, setAdding] = useState(false)
  const filtered = JSON.stringify([query.provider, query.state, query.q])
  // What was chosen may not be there any more.
  useEffect(() => setChosen(new Set()), [filtered])
  const tools = (
    <button type="button" class="primary" onClick={() => setAdding(true)}>
      {t('keys.add')}
    </button>
  )
  return (
    <Page title={t('nav.keys')} tools={tools}>
      <KeyFilter place={place} />
      <Loaded reading={reading}>
        {page => (
          <>
            <KeysBulk
              chosen={chosen}
              query={query}
              total={page.total}
              revision={reading.revision}
              onChosen={setChosen}
              onEnd={reading.again}
            />
            <KeyTable
              rows={page.rows}
              sorting={{
                by: query.sort ?? 'label',
                order: query.order ?? 'asc',
                onSort: (sort, order) => refine({ sort, order, offset: '' }),
              }}
              chosen={chosen}
              onChosen={setChosen}
            />
            <Pager
              offset={query.offset}
              limit={LIMIT}
              total={page.total}
              onMove={offset => refine({ offset: offset === 0 ? '' : String(offset) })}
            />
          </>
        )}
      </Loaded>
      {adding && (
        <KeysAdd
          provider={query.provider ?? null}
          onClose={() => setAdding(false)}
          onDone={reading.again}
        />
      )}
    </Page>
  )
}

function KeyFilter({ place }: { place: Place }) {
  const providers = useRead('providers.list', {})
  const { q = '', provider = '', state = '' } = place.query
  const [typed, setTyped] = useState(q)
  useEffect(() => {
    if (typed === q) return undefined
    return after(TYPING_MS, () => refine({ q: typed, offset: '' }))
  }, [typed, q])
  const names = providers.data?.map(({ name }) => name) ?? (provider ? [provider] : [])
  return (
    <search class="filter">
      <Field
        label={t('keys.search')}
        type="search"
        value={typed}
        onInput={setTyped}
        placeholder={t('keys.search.hint')}
      />
      <Select
        label={t('provider')}
        value={provider}
        options={[['', t('all')], ...names.map(name => [name, name] as const)]}
        onChange={next => refine({ provider: next, offset: '' })}
      />
      <Select
        label={t('state')}
        value={state}
        options={[['', t('all')], ...KEY_CONDITIONS.map(one => [one, t(`state.${one}`)] as const)]}
        onChange={next => refine({ state: next, offset: '' })}
      />
    </search>
  )
}

const SORTS: readonly KeySort[] = ['label', 'state', 'failures', 'created']

function queryOf(given: Place['query']): KeyQuery {
  const state = KEY_CONDITIONS.find((one): one is KeyCondition => one === given.state)
  const sort = SORTS.find(one => one === given.sort) ?? 'label'
  const order: Order = given.order === 'desc' ? 'desc' : 'asc'
  const offset = Number(given.offset ?? 0)
  return {
    ...(given.provider ? { provider: given.provider } : {}),
    ...(given.q ? { q: given.q } : {}),
    ...(state ? { state } : {}),
    sort,
    order,
    limit: LIMIT,
    offset: Number.isSafeInteger(offset) && offset > 0 ? offset : 0,
  }
}
