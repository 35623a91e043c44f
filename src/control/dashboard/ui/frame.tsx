import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { after } from '../data/clock.ts'
import { go } from '../data/navigation.ts'
import { LETTERS, PAGES, type PageName, pageOfLetter } from '../data/router.ts'
import type { Language } from '../text/language.ts'
import { t } from '../text/text.ts'
import { Dialog } from './dialog.tsx'
import { Switches } from './switches.tsx'

interface FrameProps {
  readonly page: PageName
  readonly version: string
  readonly onLanguage: (language: Language) => void
  readonly onLogout: () => void
  readonly children: ComponentChildren
}

/** What stands around every page: the way to the others, the switches, the keyboard's shortcuts. */
export function Frame({ page, version, onLanguage, onLogout, children }: FrameProps) {
  const [help, setHelp] = useState(false)
  useShortcuts(() => setHelp(true))
  return (
    <div class="frame">
      <button
        type="button"
        class="skip"
        onClick={() => document.querySelector<HTMLElement>('main h1')?.focus()}
      >
        {t('skip')}
      </button>
      <header class="side">
        <p class="brand">
          balance <small>{version}</small>
        </p>
        <nav aria-label={t('nav')}>
          <ul>
            {PAGES.map(name => (
              <li key={name}>
                <a href={HASHES[name]} aria-current={name === page ? 'page' : undefined}>
                  {t(`nav.${name}`)}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="side-foot">
          <Switches onLanguage={onLanguage} />
          <button type="button" class="quiet help" onClick={() => setHelp(true)}>
            {t('help')} <kbd>?</kbd>
          </button>
          <button type="button" class="quiet" onClick={onLogout}>
            {t('logout')}
          </button>
        </div>
      </header>
      <main>{children}</main>
      {help && <Help onClose={() => setHelp(false)} />}
    </div>
  )
}

const HASHES: Readonly<Record<PageName, string>> = {
  overview: '#/overview',
  providers: '#/providers',
  keys: '#/keys',
  tokens: '#/tokens',
  routes: '#/routes',
  requests: '#/requests',
  errors: '#/errors',
  settings: '#/settings',
}

function Help({ onClose }: { onClose: () => void }) {
  const rows = [
    ['/', t('help.search')],
    ...PAGES.map(page => [`g ${LETTERS[page]}`, t(`nav.${page}`)]),
    ['Esc', t('help.close')],
    ['?', t('help')],
  ]
  return (
    <Dialog title={t('help')} onClose={onClose}>
      <dl class="shortcuts">
        {rows.map(([keys, meaning]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}

const CHORD_MS = 1_500

function useShortcuts(onHelp: () => void): void {
  useEffect(() => {
    let waiting = false
    let cancel = () => {}
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isBusy(event.target)) return
      const page = waiting ? pageOfLetter(event.key) : null
      waiting = false
      cancel()
      if (page) {
        event.preventDefault()
        go(page)
      } else if (event.key === 'g') {
        waiting = true
        cancel = after(CHORD_MS, () => {
          waiting = false
        })
      } else if (event.key === '/') {
        event.preventDefault()
        document.querySelector<HTMLElement>('main input[type=search]')?.focus()
      } else if (event.key === '?') {
        onHelp()
      }
    }
    document.addEventListener('keydown', pressed)
    return () => {
      cancel()
      document.removeEventListener('keydown', pressed)
    }
  }, [])
}

/** Somebody types, or a dialog is open. */
function isBusy(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open]')) return true
  return (
    target instanceof HTMLElement && target.matches('input:not([type=checkbox]), textarea, select')
  )
}
