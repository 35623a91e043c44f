import { useState } from 'preact/hooks'
import { useAction } from '../data/hooks.ts'
import { t } from '../text/text.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { notify } from '../ui/notices.tsx'

export interface EditedSetting {
  readonly name: string
  readonly value: string
  /** It was set here, so it can be given back. */
  readonly own: boolean
  readonly doc: string
}

interface SettingDialogProps {
  readonly setting: EditedSetting
  /** Null gives the value back to where it came from before. */
  readonly onSave: (value: string | null) => Promise<unknown>
  readonly onClose: () => void
  readonly onEnd: () => void
}

export function SettingDialog({ setting, onSave, onClose, onEnd }: SettingDialogProps) {
  const { name, own, doc } = setting
  const [value, setValue] = useState(setting.value)
  const action = useAction()
  const save = (next: string | null) =>
    action.run(async () => {
      await onSave(next).finally(onEnd)
      notify(t(next === null ? 'settings.unset.done' : 'settings.set.done', { name }))
      onClose()
    })
  return (
    <Dialog title={name} onClose={onClose}>
      <Form action={action} onSubmit={() => save(value)} submit={t('save')} onCancel={onClose}>
        <Field label={t('value')} value={value} onInput={setValue} hint={doc || undefined} />
        {own && (
          <p>
            <button type="button" onClick={() => save(null)} disabled={action.busy}>
              {t('settings.unset')}
            </button>
          </p>
        )}
      </Form>
    </Dialog>
  )
}
