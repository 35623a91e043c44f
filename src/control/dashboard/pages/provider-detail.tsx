import { useState } from 'preact/hooks'
import { change, read } from '../data/api.ts'
import type { ProviderShape } from '../data/contract.ts'
import { NONE } from '../data/format.ts'
import { useAction, useRead } from '../data/hooks.ts'
import { go } from '../data/navigation.ts'
import { t } from '../text/text.ts'
import { Confirm, type Question } from '../ui/confirm.tsx'
import { Facts } from '../ui/facts.tsx'
import { Loaded, Page, Section } from '../ui/page.tsx'
import { Problem } from '../ui/problem.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Moment } from '../ui/time.tsx'
import { breakersOf } from './breakers.tsx'
import { KeysAdd } from './keys-add.tsx'
import { KeysByState } from './keys-by-state.tsx'
import { ChangeProvider } from './provider-change.tsx'
import { Enabled, removeQuestion } from './providers.tsx'
import { type EditedSetting, SettingDialog } from './setting-dialog.tsx'
import { TestRun } from './test-run.tsx'

type Open = 'change' | 'keys' | 'test' | 'remove' | EditedSetting | null

export function ProviderDetail({ name }: { name: string }) {
  const reading = useRead('providers.show', { name }, { every: 5_000 })
  const [open, setOpen] = useState<Open>(null)
  const [seen, setSeen] = useState<number | null>(null)
  const { again, revision, data } = reading
  const show = (next: Open) => {
    setSeen(revision)
    setOpen(next)
  }
  const close = () => setOpen(null)
  const tools = (
    <>
      <button type="button" onClick={() => go('providers')}>
        {t('back')}
      </button>
      <button type="button" onClick={() => show('test')}>
        {t('test')}
      </button>
      <button type="button" onClick={() => show('change')} disabled={!data}>
        {t('change')}
      </button>
      <button type="button" class="danger-quiet" onClick={() => show('remove')} disabled={!data}>
        {t('remove')}
      </button>
      <button type="button" class="primary" onClick={() => show('keys')}>
        {t('keys.add')}
      </button>
    </>
  )
  return (
    <Page title={name} tools={tools}>
      <Loaded reading={reading}>
        {provider => (
          <>
            <div class="columns">
              <Section title={t('provider')}>
                <Facts facts={factsOf(provider)} />
              </Section>
              <KeysByState keys={provider.keys} />
            </div>
            <Section title={t('nav.settings')}>
              <Table
                caption={t('nav.settings')}
                columns={columnsOf(show)}
                rows={provider.settings}
                idOf={row => row.name}
                empty={t('settings.none')}
              />
            </Section>
            <Models name={name} />
          </>
        )}
      </Loaded>
      {open === 'change' && data && (
        <ChangeProvider provider={data} revision={seen} onClose={close} onEnd={again} />
      )}
      {open === 'keys' && <KeysAdd provider={name} onClose={close} onDone={again} />}
      {open === 'test' && (
        <TestRun
          title={t('test.provider', { name })}
          operation="providers.test"
          input={{ name }}
          total={null}
          onClose={close}
        />
      )}
      {open === 'remove' && data && (
        <Confirm question={leaving(removeQuestion(data, seen))} onClose={close} onEnd={() => {}} />
      )}
      {open !== null && typeof open === 'object' && (
        <SettingDialog
          setting={open}
          onSave={value =>
            change('providers.change', { name, settings: { [open.name]: value } }, seen)
          }
          onClose={close}
          onEnd={again}
        />
      )}
    </Page>
  )
}

/** What is asked here is about to be gone: then there is only the list to go to. */
function leaving(question: Question): Question {
  return { ...question, work: () => question.work().then(() => go('providers')) }
}

function factsOf(provider: ProviderShape) {
  return [
    [t('state'), <Enabled key="state" enabled={provider.enabled} />],
    [t('kind'), provider.kind],
    [t('base.url'), <code key="url">{provider.base_url}</code>, 'wide'],
    [t('path'), provider.path ?? NONE],
    [t('provider.default'), provider.default ? t('yes') : t('no')],
    [t('origin'), t(`origin.${provider.origin}`)],
    [t('created'), <Moment key="created" time={provider.created} />],
    [t('breakers'), breakersOf(provider)],
  ] as const
}

type Setting = ProviderShape['settings'][number]

function columnsOf(onEdit: (setting: EditedSetting) => void): readonly Column<Setting>[] {
  return [
    { head: t('name'), role: 'name', cell: row => <code>{row.name}</code> },
    { head: t('value'), role: 'long', cell: row => row.value || NONE },
    { head: t('from'), cell: row => t(`from.${row.from}`) },
    {
      head: t('actions'),
      role: 'actions',
      cell: row => (
        <button
          type="button"
          aria-label={t('change.one', { name: row.name })}
          onClick={() =>
            onEdit({ name: row.name, value: row.value, own: row.from === 'provider', doc: '' })
          }
        >
          {t('change')}
        </button>
      ),
    },
  ]
}

/** The provider is asked only when somebody wants to know. */
function Models({ name }: { name: string }) {
  const [models, setModels] = useState<readonly string[] | null>(null)
  const action = useAction()
  const ask = () => action.run(async () => setModels(await read('providers.models', { name })))
  return (
    <Section
      title={t('models')}
      tools={
        <button type="button" onClick={ask} disabled={action.busy}>
          {action.busy ? t('working') : t('models.ask')}
        </button>
      }
    >
      <Problem error={action.error} />
      {models && models.length === 0 && <p class="empty">{t('models.none')}</p>}
      {models && models.length > 0 && (
        <ul class="models">
          {models.map(model => (
            <li key={model}>
              <code>{model}</code>
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}
