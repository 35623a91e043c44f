import { useState } from 'preact/hooks'
import { change } from '../data/api.ts'
import type { KeyDetail } from '../data/contract.ts'
import { useAction } from '../data/hooks.ts'
import { t } from '../text/text.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Field, wholeOf } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { notify } from '../ui/notices.tsx'

interface ChangeKeyProps {
  readonly detail: KeyDetail
  readonly revision: number | null
  readonly onClose: () => void
  readonly onEnd: () => void
}

export function ChangeKey({ detail, revision, onClose, onEnd }: ChangeKeyProps) {
  const [label, setLabel] = useState(detail.label)
  const [weight, setWeight] = useState(String(detail.weight))
  const [tier, setTier] = useState(String(detail.tier))
  const [rpm, setRpm] = useState(String(detail.rpm ?? ''))
  const [concurrency, setConcurrency] = useState(String(detail.concurrency ?? ''))
  const [secret, setSecret] = useState('')
  const action = useAction()
  const submit = () =>
    action.run(async () => {
      const [limit, most] = [wholeOf(rpm) ?? null, wholeOf(concurrency) ?? null]
      const [share, rank] = [wholeOf(weight) ?? 1, wholeOf(tier) ?? 1]
      const input = {
        key: detail.id,
        ...(label === detail.label ? {} : { label }),
        ...(share === detail.weight ? {} : { weight: share }),
        ...(rank === detail.tier ? {} : { tier: rank }),
        ...(limit === detail.rpm ? {} : { rpm: limit }),
        ...(most === detail.concurrency ? {} : { concurrency: most }),
        ...(secret === '' ? {} : { secret }),
      }
      await change('keys.change', input, revision).finally(onEnd)
      setSecret('')
      notify(t('keys.done', { n: 1 }))
      onClose()
    })
  return (
    <Dialog title={t('change.one', { name: detail.label || detail.id })} onClose={onClose}>
      <Form action={action} onSubmit={submit} submit={t('save')} onCancel={onClose}>
        <Field label={t('label')} value={label} onInput={setLabel} required />
        <div class="fields">
          <Field label={t('weight')} type="number" value={weight} onInput={setWeight} max={1_000} />
          <Field label={t('tier')} type="number" value={tier} onInput={setTier} max={100} />
          <Field label={t('rpm')} type="number" value={rpm} onInput={setRpm} />
          <Field
            label={t('concurrency')}
            type="number"
            value={concurrency}
            onInput={setConcurrency}
          />
        </div>
        <Field
          label={t('key.secret')}
          type="password"
          value={secret}
          onInput={setSecret}
          hint={t('key.secret.hint')}
        />
      </Form>
    </Dialog>
  )
}
