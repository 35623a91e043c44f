import { useState } from 'preact/hooks'
import { change } from '../data/api.ts'
import type { SettingShape } from '../data/contract.ts'
import { NONE } from '../data/format.ts'
import { type Reading, useAction, useRead } from '../data/hooks.ts'
import type { Place } from '../data/router.ts'
import { t } from '../text/text.ts'
import { Badge } from '../ui/badge.tsx'
import { Field } from '../ui/field.tsx'
import { notify } from '../ui/notices.tsx'
import { Loaded, Page, Section } from '../ui/page.tsx'
import { Problem } from '../ui/problem.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { History } from './history.tsx'
import { Sessions } from './sessions.tsx'
import { type EditedSetting, SettingDialog } from './setting-dialog.tsx'

export function Settings({ place }: { place: Place }) {
  const reading = useRead('settings.list', {}, { every: 15_000 })
  const action = useAction()
  const [changes, setChanges] = useState(0)
  const changed = () => {
    reading.again()
    setChanges(count => count + 1)
  }
  const reload = () =>
    action.run(async () => {
      const { taken, overridden, left } = await change('reload', {})
      notify(
        t('reload.done', { taken: taken.length, overridden: overridden.length, left: left.length }),
      )
      changed()
    })
  const tools = (
    <button type="button" onClick={reload} disabled={action.busy}>
      {action.busy ? t('working') : t('reload')}
    </button>
  )
  return (
    <Page title={t('nav.settings')} tools={tools}>
      <Problem error={action.error} />
      <SettingTables reading={reading} onEnd={changed} />
      <Sessions />
      <History place={place} changes={changes} />
    </Page>
  )
}

interface SettingTablesProps {
  readonly reading: Reading<readonly SettingShape[]>
  readonly onEnd: () => void
}

function SettingTables({ reading, onEnd }: SettingTablesProps) {
  const [wanted, setWanted] = useState('')
  const [edited, setEdited] = useState<EditedSetting | null>(null)
  const [seen, setSeen] = useState<number | null>(null)
  const edit = (setting: SettingShape) => {
    const { name, value, origin, doc } = setting
    setSeen(reading.revision)
    setEdited({ name, value, own: origin === 'command', doc })
  }
  return (
    <Loaded reading={reading}>
      {settings => {
        const found = settings.filter(({ name, doc }) =>
          `${name} ${doc}`.toLowerCase().includes(wanted.trim().toLowerCase()),
        )
        return (
          <>
            <search class="filter">
              <Field
                label={t('settings.search')}
                type="search"
                value={wanted}
                onInput={setWanted}
              />
            </search>
            <Table
              caption={t('nav.settings')}
              columns={[...valueColumns(), ...ownColumns(edit)]}
              rows={found.filter(({ kind }) => kind === 'setting')}
              idOf={row => row.name}
              empty={t('settings.none')}
            />
            <Section title={t('settings.start')}>
              <p class="hint">{t('settings.start.hint')}</p>
              <Table
                caption={t('settings.start')}
                columns={valueColumns()}
                rows={found.filter(({ kind }) => kind === 'start')}
                idOf={row => row.name}
                empty={t('settings.none')}
              />
            </Section>
            {edited && (
              <SettingDialog
                setting={edited}
                onSave={value =>
                  value === null
                    ? change('settings.unset', { name: edited.name }, seen)
                    : change('settings.set', { name: edited.name, value }, seen)
                }
                onClose={() => setEdited(null)}
                onEnd={onEnd}
              />
            )}
          </>
        )
      }}
    </Loaded>
  )
}

function valueColumns(): readonly Column<SettingShape>[] {
  return [
    { head: t('name'), role: 'name', cell: row => <code>{row.name}</code> },
    { head: t('value'), role: 'long', cell: row => <strong>{row.value || NONE}</strong> },
    { head: t('origin'), cell: row => <Origin origin={row.origin} /> },
    { head: t('meaning'), role: 'long', cell: row => row.doc },
  ]
}

function ownColumns(onEdit: (setting: SettingShape) => void): readonly Column<SettingShape>[] {
  return [
    { head: t('file.says'), role: 'long', cell: row => row.file_value ?? NONE },
    {
      head: t('actions'),
      role: 'actions',
      cell: row => (
        <button
          type="button"
          aria-label={t('change.one', { name: row.name })}
          onClick={() => onEdit(row)}
        >
          {t('change')}
        </button>
      ),
    },
  ]
}

/** Start options say where they come from in words of their own. */
function Origin({ origin }: { origin: string }) {
  if (origin === 'default') return <Badge tone="off" text={t('origin.default')} />
  if (origin === 'file') return <Badge tone="plain" text={t('origin.file')} />
  if (origin === 'command') return <Badge tone="good" text={t('origin.command')} />
  return <span>{origin}</span>
}
