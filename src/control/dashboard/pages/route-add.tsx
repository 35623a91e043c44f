import { useState } from 'preact/hooks'
import { change } from '../data/api.ts'
import type { NewTarget } from '../data/contract.ts'
import { useAction, useRead } from '../data/hooks.ts'
import { t } from '../text/text.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Field, Select, wholeOf } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { notify } from '../ui/notices.tsx'

interface Draft {
  readonly provider: string
  readonly model: string
  readonly weight: string
  readonly tier: string
}

const EMPTY: Draft = { provider: '', model: '', weight: '', tier: '' }

/** A model name or glob and the targets behind it. */
export function AddRoute({ onClose, onEnd }: { onClose: () => void; onEnd: () => void }) {
  const providers = useRead('providers.list', {})
  const [model, setModel] = useState('')
  const [drafts, setDrafts] = useState<readonly Draft[]>([EMPTY])
  const action = useAction()
  const edit = (at: number, change: Partial<Draft>) =>
    setDrafts(drafts.map((draft, index) => (index === at ? { ...draft, ...change } : draft)))
  const names = providers.data?.map(({ name }) => name) ?? []
  const submit = () =>
    action.run(async () => {
      await change('routes.add', { model, to: drafts.map(targetOf) })
      onEnd()
      notify(t('routes.added', { model }))
      onClose()
    })
  return (
    <Dialog title={t('routes.add')} onClose={onClose} wide>
      <Form
        action={action}
        onSubmit={submit}
        submit={t('add')}
        onCancel={onClose}
        disabled={model === '' || drafts.some(({ provider }) => provider === '')}
      >
        <Field
          label={t('model')}
          value={model}
          onInput={setModel}
          hint={t('routes.model.hint')}
          required
        />
        {drafts.map((draft, at) => (
          <fieldset key={at} class="target">
            <legend>{t('target.n', { number: at + 1 })}</legend>
            <Select
              label={t('provider')}
              value={draft.provider}
              options={[['', t('choose')], ...names.map(name => [name, name] as const)]}
              onChange={provider => edit(at, { provider })}
            />
            <Field
              label={t('target.model')}
              value={draft.model}
              onInput={next => edit(at, { model: next })}
              placeholder={t('target.same')}
            />
            <Field
              label={t('weight')}
              type="number"
              value={draft.weight}
              onInput={weight => edit(at, { weight })}
            />
            <Field
              label={t('tier')}
              type="number"
              value={draft.tier}
              onInput={tier => edit(at, { tier })}
            />
          </fieldset>
        ))}
        <p>
          <button type="button" onClick={() => setDrafts([...drafts, EMPTY])}>
            {t('target.more')}
          </button>
        </p>
      </Form>
    </Dialog>
  )
}

function targetOf({ provider, model, weight, tier }: Draft): NewTarget {
  const [share, rank] = [wholeOf(weight), wholeOf(tier)]
  return {
    provider,
    ...(model === '' ? {} : { model }),
    ...(share === undefined ? {} : { weight: share }),
    ...(rank === undefined ? {} : { tier: rank }),
  }
}
