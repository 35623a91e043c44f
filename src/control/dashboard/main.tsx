import { render } from 'preact'
import { App } from './app.tsx'
import { applyTheme, savedTheme } from './data/theme.ts'
import { preferredLanguage, setLanguage } from './text/language.ts'

const PLACE = 'balance.language'

applyTheme(savedTheme())
start(preferredLanguage(localStorage.getItem(PLACE), navigator.languages))

function start(language: ReturnType<typeof preferredLanguage>): void {
  setLanguage(language)
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  const choose = (next: typeof language) => {
    localStorage.setItem(PLACE, next)
    start(next)
  }
  render(<App key={language} onLanguage={choose} />, document.body)
}
