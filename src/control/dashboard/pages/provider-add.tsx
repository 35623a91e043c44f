import { useState } from 'preact/hooks'
import { change } from '../data/api.ts'
import type { Preset, ProviderKind } from '../data/contract.ts'
import { useAction, useRead } from '../data/hooks.ts'
import { go } from '../data/navigation.ts'
import { t } from '../text/text.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Field, Select } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { notify } from '../ui/notices.tsx'

export const KINDS: readonly (readonly [ProviderKind, string])[] = [
  ['openai', 'OpenAI'],
  ['anthropic', 'Anthropic'],
  ['gemini', 'Gemini'],
]

/** A provider by its vendor's name, or any by its base URL. */
export function AddProvider({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const presets = useRead('presets.list', {})
  const [preset, setPreset] = useState('')
  const [name, setName] = useState('')
  const [kind, setKind] = useState<ProviderKind>('openai')
  const [baseUrl, setBaseUrl] = useState('')
  const [path, setPath] = useState('')
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
        <Select label={t('kind')} value={kind} options={KINDS} onChange={setKind} />
        <Field label={t('base.url')} type="url" value={baseUrl} onInput={setBaseUrl} required />
        <Field label={t('path')} value={path} onInput={setPath} hint={t('path.hint')} />
      </Form>
    </Dialog>
  )
}

function optionsOf(presets: readonly Preset[]): (readonly [string, string])[] {
  return [['', t('preset.other')], ...presets.map(({ name }) => [name, name] as const)]
}
