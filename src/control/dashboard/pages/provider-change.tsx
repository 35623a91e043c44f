import { useState } from 'preact/hooks'
import { change } from '../data/api.ts'
import type { ProviderStatus } from '../data/contract.ts'
import { useAction } from '../data/hooks.ts'
import { t } from '../text/text.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Field, Select } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { notify } from '../ui/notices.tsx'
import { kinds } from './provider-add.tsx'

interface ChangeProviderProps {
  readonly provider: ProviderStatus
  readonly revision: number | null
  readonly onClose: () => void
  readonly onEnd: () => void
}

export function ChangeProvider({ provider, revision, onClose, onEnd }: ChangeProviderProps) {
  const { name } = provider
  const [kind, setKind] = useState(provider.kind)
  const [baseUrl, setBaseUrl] = useState(provider.base_url)
  const [path, setPath] = useState(provider.path ?? '')
  const [enabled, setEnabled] = useState(provider.enabled ? 'on' : 'off')
  const action = useAction()
  const submit = () =>
    action.run(async () => {
      const input = {
        name,
        ...(kind === provider.kind ? {} : { kind }),
        ...(baseUrl === provider.base_url ? {} : { base_url: baseUrl }),
        ...(path === (provider.path ?? '') ? {} : { path: path || null }),
        ...((enabled === 'on') === provider.enabled ? {} : { enabled: enabled === 'on' }),
      }
      await change('providers.change', input, revision).finally(onEnd)
      notify(t('providers.changed', { name }))
      onClose()
    })
  return (
    <Dialog title={t('change.one', { name })} onClose={onClose}>
      <Form action={action} onSubmit={submit} submit={t('save')} onCancel={onClose}>
        <Select
          label={t('state')}
          value={enabled}
          options={[
            ['on', t('enabled')],
            ['off', t('disabled')],
          ]}
          onChange={setEnabled}
        />
        <Select label={t('kind')} value={kind} options={kinds()} onChange={setKind} />
        <Field
          label={t('base.url')}
          type="url"
          value={baseUrl}
          onInput={setBaseUrl}
          hint={t('base.url.hint')}
          required
        />
        <Field label={t('path')} value={path} onInput={setPath} hint={t('path.hint')} />
      </Form>
    </Dialog>
  )
}
