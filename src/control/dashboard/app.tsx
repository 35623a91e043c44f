import { useEffect, useState } from 'preact/hooks'
import { type ApiError, logout, onSessionEnd, readSession } from './data/api.ts'
import type { SessionState } from './data/contract.ts'
import { asApiError } from './data/hooks.ts'
import { usePlace } from './data/navigation.ts'
import type { Place } from './data/router.ts'
import { Errors } from './pages/errors.tsx'
import { Keys } from './pages/keys.tsx'
import { Login } from './pages/login.tsx'
import { Overview } from './pages/overview.tsx'
import { Providers } from './pages/providers.tsx'
import { Requests } from './pages/requests.tsx'
import { Routes } from './pages/routes.tsx'
import { Settings } from './pages/settings.tsx'
import { Tokens } from './pages/tokens.tsx'
import type { Language } from './text/language.ts'
import { t } from './text/text.ts'
import { Frame } from './ui/frame.tsx'
import { Notices, notify } from './ui/notices.tsx'
import { Problem } from './ui/problem.tsx'

interface AppProps {
  readonly onLanguage: (language: Language) => void
}

/** Login or the page that the location names; who has to log in first comes back to it after. */
export function App({ onLanguage }: AppProps) {
  const [state, setState] = useState<SessionState | null>(null)
  const [error, setError] = useState<ApiError | null>(null)
  const place = usePlace()
  const load = () => {
    setError(null)
    readSession().then(setState, reason => setError(asApiError(reason)))
  }
  useEffect(() => {
    onSessionEnd(() => setState(old => (old ? { ...old, session: null } : old)))
    load()
  }, [])
  const leave = () => {
    logout().then(load, reason => notify(asApiError(reason).message))
  }

  if (error) {
    return (
      <main class="alone">
        <h1>balance</h1>
        <Problem error={error} again={load} />
      </main>
    )
  }
  if (!state) return <main class="alone" aria-busy="true" aria-label={t('loading')} />
  if (!state.session) return <Login state={state} onLogin={load} onLanguage={onLanguage} />
  return (
    <>
      <Frame page={place.page} version={state.version} onLanguage={onLanguage} onLogout={leave}>
        <Content key={place.page} place={place} />
      </Frame>
      <Notices />
    </>
  )
}

function Content({ place }: { place: Place }) {
  switch (place.page) {
    case 'overview':
      return <Overview place={place} />
    case 'providers':
      return <Providers place={place} />
    case 'keys':
      return <Keys place={place} />
    case 'tokens':
      return <Tokens />
    case 'routes':
      return <Routes />
    case 'requests':
      return <Requests place={place} />
    case 'errors':
      return <Errors place={place} />
    case 'settings':
      return <Settings place={place} />
  }
}
