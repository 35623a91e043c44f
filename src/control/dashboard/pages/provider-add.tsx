import { useState } from 'preact/hooks'
import { change } from '../data/api.ts'
import type { Preset, ProviderKind } from '../data/contract.ts'
import { useAction, useRead } from '../data/hooks.ts'
import { go } from '../data/navigation.ts'
import { type TextName, t } from '../text/text.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Field, Select } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { notify } from '../ui/notices.tsx'

/** The kinds of providers, in the language that was chosen. */
export const kinds = (): readonly (readonly [ProviderKind, string])[] => [
  ['openai', 'OpenAI'],
  ['anthropic', 'Anthropic'],
  ['gemini', 'Gemini'],
  ['azure', 'Azure OpenAI'],
  ['custom', t('kind.custom')],
]

/** A provider by its vendor's name, or any by its base URL. */
export function AddProvider({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const presets = useRead('presets.list', {})
  const [preset, setPreset] = useState('')
  const [name, setName] = useState('')
  const [kind, setKind] = useState<ProviderKind>('openai')
  const [baseUrl, setBaseUrl] = useState('')
  const [path, setPath] = useState('')
  const [settings, setSettings] = useState<Readonly<Record<string, string>>>({})
  const action = useAction()

  const take = (chosen: string) => {
    const found = presets.data?.find(one => one.name === chosen)
    setPreset(chosen)
    if (!found) return
    setName(found.name)
    setKind(found.kind)
    setBaseUrl(found.base_url)
  }
  const submit = () =>
    action.run(async () => {
      await change('providers.add', {
        name,
        kind,
        base_url: baseUrl,
        ...(path ? { path } : {}),
        ...ownSettings(kind, settings),
      })
      notify(t('providers.added', { name }))
      onDone()
      onClose()
      go('providers', name)
    })
  return (
    <Dialog title={t('providers.add')} onClose={onClose}>
      <Form action={action} onSubmit={submit} submit={t('add')} onCancel={onClose}>
        <Select
          label={t('preset')}
          value={preset}
          options={optionsOf(presets.data ?? [])}
          onChange={take}
        />
        <Field label={t('name')} value={name} onInput={setName} hint={t('name.hint')} required />
        <Select label={t('kind')} value={kind} options={kinds()} onChange={setKind} />
        <Field label={t('base.url')} type="url" value={baseUrl} onInput={setBaseUrl} required />
        {OWN[kind]?.map(([setting, label, hint]) => (
          <Field
            key={setting}
            label={t(label)}
            value={settings[setting] ?? ''}
            onInput={value => setSettings({ ...settings, [setting]: value })}
            hint={t(hint)}
          />
        ))}
        <Field label={t('path')} value={path} onInput={setPath} hint={t('path.hint')} />
      </Form>
    </Dialog>
  )
}

/** Settings that a provider of a kind is likely to need from the start. */
const OWN: Partial<
  Record<ProviderKind, readonly (readonly [setting: string, label: TextName, hint: TextName])[]>
> = {
  azure: [['api_version', 'api.version', 'api.version.hint']],
  custom: [
    ['key_header', 'key.header', 'key.header.hint'],
    ['key_template', 'key.template', 'key.template.hint'],
  ],
}

/** What was typed for this kind; what stayed empty is left to its default. */
function ownSettings(kind: ProviderKind, typed: Readonly<Record<string, string>>) {
  const given = (OWN[kind] ?? []).flatMap(([setting]) =>
    typed[setting] ? [[setting, typed[setting]] as const] : [],
  )
  return given.length === 0 ? {} : { settings: Object.fromEntries(given) }
}

function optionsOf(presets: readonly Preset[]): (readonly [string, string])[] {
  return [['', t('preset.other')], ...presets.map(({ name }) => [name, name] as const)]
}
