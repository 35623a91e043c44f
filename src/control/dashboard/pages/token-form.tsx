import { useState } from 'preact/hooks'
import { change } from '../data/api.ts'
import type { TokenFields } from '../data/contract.ts'
import { dateOf } from '../data/format.ts'
import { useAction, useRead } from '../data/hooks.ts'
import type { TokenShape } from '../data/shapes.ts'
import { t } from '../text/text.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Field, listOf, wholeOf } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { notify } from '../ui/notices.tsx'

interface TokenFormProps {
  /** Null: a new one. */
  readonly token: TokenShape | null
  readonly revision: number | null
  readonly onClose: () => void
  readonly onEnd: () => void
}

export function TokenForm({ token, revision, onClose, onEnd }: TokenFormProps) {
  const providersThere = useRead('providers.list', {})
  const [name, setName] = useState(token?.name ?? '')
  const [providers, setProviders] = useState(token?.providers?.join(', ') ?? '')
  const [models, setModels] = useState(token?.models?.join(', ') ?? '')
  const [rpm, setRpm] = useState(String(token?.rpm ?? ''))
  const [concurrency, setConcurrency] = useState(String(token?.concurrency ?? ''))
  const [expires, setExpires] = useState(token?.expires ? dateOf(new Date(token.expires)) : '')
  const [created, setCreated] = useState<string | null>(null)
  const action = useAction()

  const fieldsOf = (): TokenFields => ({
    providers: listOf(providers),
    models: listOf(models),
    rpm: wholeOf(rpm) ?? null,
    concurrency: wholeOf(concurrency) ?? null,
    expires: expires === '' ? null : new Date(`${expires}T23:59:59`).toISOString(),
  })
  const submit = () =>
    action.run(async () => {
      if (token) {
        const input = { token: token.id, ...(name === token.name ? {} : { name }), ...fieldsOf() }
        await change('tokens.change', input, revision).finally(onEnd)
        notify(t('tokens.changed', { name }))
        onClose()
        return
      }
      const given = Object.entries(fieldsOf()).filter(([, value]) => value !== null)
      const answer = await change('tokens.create', { name, ...Object.fromEntries(given) })
      onEnd()
      setCreated(answer.token)
    })
  if (created !== null) return <Created name={name} token={created} onClose={onClose} />
  const title = token ? t('change.one', { name: token.name }) : t('tokens.create')
  return (
    <Dialog title={title} onClose={onClose}>
      <Form
        action={action}
        onSubmit={submit}
        submit={token ? t('save') : t('tokens.create')}
        onCancel={onClose}
      >
        <Field label={t('name')} value={name} onInput={setName} required focus />
        <Field
          label={t('nav.providers')}
          value={providers}
          onInput={setProviders}
          hint={t('tokens.providers.hint')}
          choices={providersThere.data?.map(one => one.name) ?? []}
        />
        <Field
          label={t('models')}
          value={models}
          onInput={setModels}
          hint={t('tokens.models.hint')}
        />
        <div class="fields">
          <Field label={t('rpm')} type="number" value={rpm} onInput={setRpm} />
          <Field
            label={t('concurrency')}
            type="number"
            value={concurrency}
            onInput={setConcurrency}
          />
          <Field label={t('expires')} type="date" value={expires} onInput={setExpires} />
        </div>
      </Form>
    </Dialog>
  )
}

interface CreatedProps {
  readonly name: string
  readonly token: string
  readonly onClose: () => void
}

/** The only time that the token is shown. */
function Created({ name, token, onClose }: CreatedProps) {
  const copy = () => {
    navigator.clipboard.writeText(token).then(
      () => notify(t('copied')),
      () => notify(t('copy.failed')),
    )
  }
  return (
    <Dialog title={t('tokens.created', { name })} onClose={onClose}>
      <p>{t('tokens.once')}</p>
      <input
        class="token"
        readOnly
        value={token}
        aria-label={t('token')}
        onFocus={event => event.currentTarget.select()}
      />
      <div class="buttons">
        <button type="button" class="primary" onClick={copy}>
          {t('copy')}
        </button>
        <button type="button" onClick={onClose}>
          {t('close')}
        </button>
      </div>
    </Dialog>
  )
}
