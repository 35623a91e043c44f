import { useState } from 'preact/hooks'
import { savedTheme, setTheme, type Theme } from '../data/theme.ts'
import { LANGUAGES, type Language, language } from '../text/language.ts'
import { t } from '../text/text.ts'

const NAMES: Readonly<Record<Language, string>> = { en: 'English', zh: '中文' }
const THEMES: readonly Theme[] = ['auto', 'light', 'dark']

/** Language and light or dark. */
export function Switches({ onLanguage }: { onLanguage: (language: Language) => void }) {
  const [theme, choose] = useState(savedTheme)
  return (
    <div class="switches">
      <select
        aria-label={t('theme')}
        value={theme}
        onChange={event => {
          const next = event.currentTarget.value as Theme
          setTheme(next)
          choose(next)
        }}
      >
        {THEMES.map(name => (
          <option key={name} value={name}>
            {t(`theme.${name}`)}
          </option>
        ))}
      </select>
      <select
        aria-label={t('language')}
        value={language()}
        onChange={event => onLanguage(event.currentTarget.value as Language)}
      >
        {LANGUAGES.map(name => (
          <option key={name} value={name}>
            {NAMES[name]}
          </option>
        ))}
      </select>
    </div>
  )
}
