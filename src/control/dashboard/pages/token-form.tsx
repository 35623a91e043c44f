import { useState } from 'preact/hooks'
import { change } from '../data/api.ts'
import type { TokenFields, TokenShape } from '../data/contract.ts'
import { dateOf } from '../data/format.ts'
import { useAction, useRead } from '../data/hooks.ts'
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

/** As it is typed. */
interface Draft {
  readonly name: string
  readonly providers: string
  readonly models: string
  readonly rpm: string
  readonly concurrency: string
  readonly expires: string
}

export function TokenForm({ token, revision, onClose, onEnd }: TokenFormProps) {
  const there = useRead('providers.list', {})
  const [initial] = useState(() => draftOf(token))
  const [draft, setDraft] = useState(initial)
  const [created, setCreated] = useState<string | null>(null)
  const action = useAction()
  const edit = (change: Partial<Draft>) => setDraft({ ...draft, ...change })
  const { name } = draft

  const submit = () =>
    action.run(async () => {
      const fields = changedFields(initial, draft)
      if (token) {
        await change('tokens.change', { token: token.id, ...fields }, revision).finally(onEnd)
        notify(t('tokens.changed', { name }))
        onClose()
        return
      }
      const answer = await change('tokens.create', { ...fields, name })
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
        <Field label={t('name')} value={name} onInput={value => edit({ name: value })} required />
        <Field
          label={t('nav.providers')}
          value={draft.providers}
          onInput={providers => edit({ providers })}
          hint={t('tokens.providers.hint')}
          choices={there.data?.map(one => one.name) ?? []}
        />
        <Field
          label={t('models')}
          value={draft.models}
          onInput={models => edit({ models })}
          hint={t('tokens.models.hint')}
        />
        <div class="fields">
          <Field label={t('rpm')} type="number" value={draft.rpm} onInput={rpm => edit({ rpm })} />
          <Field
            label={t('concurrency')}
            type="number"
            value={draft.concurrency}
            onInput={concurrency => edit({ concurrency })}
          />
          <Field
            label={t('expires')}
            type="date"
            value={draft.expires}
            onInput={expires => edit({ expires })}
          />
        </div>
      </Form>
    </Dialog>
  )
}

function draftOf(token: TokenShape | null): Draft {
  return {
    name: token?.name ?? '',
    providers: token?.providers?.join(', ') ?? '',
    models: token?.models?.join(', ') ?? '',
    rpm: String(token?.rpm ?? ''),
    concurrency: String(token?.concurrency ?? ''),
    expires: token?.expires ? dateOf(new Date(token.expires)) : '',
  }
}

/** Only what was typed over: a day says less than the time that a token may have. */
function changedFields(initial: Draft, draft: Draft): TokenFields {
  const { name, providers, models, rpm, concurrency, expires } = draft
  const end = expires === '' ? null : new Date(`${expires}T23:59:59`).toISOString()
  return {
    ...(name === initial.name ? {} : { name }),
    ...(providers === initial.providers ? {} : { providers: listOf(providers) }),
    ...(models === initial.models ? {} : { models: listOf(models) }),
    ...(rpm === initial.rpm ? {} : { rpm: wholeOf(rpm) ?? null }),
    ...(concurrency === initial.concurrency ? {} : { concurrency: wholeOf(concurrency) ?? null }),
    ...(expires === initial.expires ? {} : { expires: end }),
  }
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
