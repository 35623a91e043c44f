import { useEffect, useState } from 'preact/hooks'
import { login } from '../data/api.ts'
import type { SessionState } from '../data/contract.ts'
import { useAction } from '../data/hooks.ts'
import type { Language } from '../text/language.ts'
import { t } from '../text/text.ts'
import { Field } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { Switches } from '../ui/switches.tsx'

interface LoginProps {
  readonly state: SessionState
  readonly onLogin: () => void
  readonly onLanguage: (language: Language) => void
}

export function Login({ state, onLogin, onLanguage }: LoginProps) {
  const [password, setPassword] = useState('')
  const action = useAction()
  useEffect(() => {
    document.title = `${t('login')} · balance`
  }, [])
  const submit = () =>
    action.run(async () => {
      await login(password).finally(() => setPassword(''))
      onLogin()
    })
  return (
    <main class="alone">
      <h1>balance</h1>
      {state.passwordSet ? (
        <Form action={action} onSubmit={submit} submit={t('login')}>
          <Field
            label={t('login.password')}
            type="password"
            value={password}
            onInput={setPassword}
            required
            focus
          />
        </Form>
      ) : (
        <div class="card">
          <p>{t('login.none')}</p>
          <pre>
            <code>balance admin password</code>
          </pre>
          <button type="button" onClick={onLogin}>
            {t('again')}
          </button>
        </div>
      )}
      <p class="hint">{t('login.link')}</p>
      <pre>
        <code>balance dashboard</code>
      </pre>
      <Switches onLanguage={onLanguage} />
    </main>
  )
}
