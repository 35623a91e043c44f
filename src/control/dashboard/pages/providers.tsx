import { useState } from 'preact/hooks'
import { change } from '../data/api.ts'
import type { ProviderStatus } from '../data/contract.ts'
import { useRead } from '../data/hooks.ts'
import { go } from '../data/navigation.ts'
import type { Place } from '../data/router.ts'
import { t } from '../text/text.ts'
import { Badge } from '../ui/badge.tsx'
import { Confirm, type Question } from '../ui/confirm.tsx'
import { notify } from '../ui/notices.tsx'
import { Loaded, Page } from '../ui/page.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { breakersOf } from './breakers.tsx'
import { StateBar, sumOf } from './keys-by-state.tsx'
import { activeOf } from './overview-tables.tsx'
import { AddProvider } from './provider-add.tsx'
import { ProviderDetail } from './provider-detail.tsx'
import { TestRun } from './test-run.tsx'

const EVERY = 5_000

type Open =
  | { readonly kind: 'add' }
  | { readonly kind: 'test'; readonly name: string }
  | { readonly kind: 'ask'; readonly question: Question }

export function Providers({ place }: { place: Place }) {
  const reading = useRead('providers.list', {}, { every: EVERY })
  const [open, setOpen] = useState<Open | null>(null)
  const close = () => setOpen(null)
  const ask = (question: Question) => setOpen({ kind: 'ask', question })

  if (place.item !== null) return <ProviderDetail name={place.item} />
  const { revision, again } = reading
  const tools = (
    <button type="button" class="primary" onClick={() => setOpen({ kind: 'add' })}>
      {t('providers.add')}
    </button>
  )
  return (
    <Page title={t('nav.providers')} tools={tools}>
      <Loaded reading={reading}>
        {providers => (
          <Table
            caption={t('nav.providers')}
            columns={columnsOf({
              onTest: name => setOpen({ kind: 'test', name }),
              onSwitch: provider => ask(switchQuestion(provider, revision)),
              onRemove: provider => ask(removeQuestion(provider, revision)),
              onEnabled: again,
            })}
            rows={providers}
            idOf={row => row.name}
            empty={t('providers.none')}
          />
        )}
      </Loaded>
      {open?.kind === 'add' && <AddProvider onClose={close} onDone={again} />}
      {open?.kind === 'test' && (
        <TestRun
          title={t('test.provider', { name: open.name })}
          operation="providers.test"
          input={{ name: open.name }}
          total={null}
          onClose={() => {
            close()
            again()
          }}
        />
      )}
      {open?.kind === 'ask' && <Confirm question={open.question} onClose={close} onEnd={again} />}
    </Page>
  )
}

interface Handlers {
  readonly onTest: (name: string) => void
  readonly onSwitch: (provider: ProviderStatus) => void
  readonly onRemove: (provider: ProviderStatus) => void
  readonly onEnabled: () => void
}

function columnsOf(handlers: Handlers): readonly Column<ProviderStatus>[] {
  return [
    {
      head: t('provider'),
      role: 'name',
      cell: row => (
        <>
          <button type="button" class="link" onClick={() => go('providers', row.name)}>
            {row.name}
          </button>
          {row.default && <small> {t('default')}</small>}
        </>
      ),
    },
    { head: t('kind'), cell: row => row.kind },
    { head: t('base.url'), role: 'long', cell: row => <code class="address">{row.base_url}</code> },
    { head: t('state'), cell: row => <Enabled enabled={row.enabled} /> },
    {
      head: t('keys.active'),
      right: true,
      cell: row => (
        <button type="button" class="link" onClick={() => go('keys', null, { provider: row.name })}>
          {activeOf(row)}
          <span class="unseen"> {t('keys.of', { name: row.name })}</span>
        </button>
      ),
    },
    { head: t('keys.by.state'), cell: row => <StateBar keys={row.keys} /> },
    { head: t('breakers'), role: 'long', cell: row => breakersOf(row) },
    { head: t('actions'), role: 'actions', cell: row => <Actions row={row} {...handlers} /> },
  ]
}

export function Enabled({ enabled }: { enabled: boolean }) {
  return enabled ? (
    <Badge tone="good" text={t('enabled')} />
  ) : (
    <Badge tone="off" text={t('disabled')} />
  )
}

function Actions({
  row,
  onTest,
  onSwitch,
  onRemove,
  onEnabled,
}: Handlers & { row: ProviderStatus }) {
  const enable = () => {
    change('providers.change', { name: row.name, enabled: true }).then(
      () => {
        notify(t('providers.enabled', { name: row.name }))
        onEnabled()
      },
      error => notify(error.message),
    )
  }
  return (
    <span class="buttons-row">
      <button type="button" onClick={() => onTest(row.name)}>
        {t('test')}
      </button>
      <button type="button" onClick={() => (row.enabled ? onSwitch(row) : enable())}>
        {row.enabled ? t('disable') : t('enable')}
      </button>
      <button type="button" class="danger-quiet" onClick={() => onRemove(row)}>
        {t('remove')}
      </button>
    </span>
  )
}

function switchQuestion({ name }: ProviderStatus, revision: number | null): Question {
  return {
    title: t('providers.disable.title', { name }),
    body: <p>{t('providers.disable.body')}</p>,
    action: t('disable'),
    work: () => change('providers.change', { name, enabled: false }, revision),
    done: t('providers.disabled', { name }),
  }
}

export function removeQuestion(
  { name, keys }: Pick<ProviderStatus, 'name' | 'keys'>,
  revision: number | null,
): Question {
  return {
    title: t('providers.remove.title', { name }),
    body: <p>{t('providers.remove.body', { n: sumOf(keys) })}</p>,
    action: t('remove'),
    typed: name,
    work: () => change('providers.remove', { name }, revision),
    done: t('providers.removed', { name }),
  }
}
