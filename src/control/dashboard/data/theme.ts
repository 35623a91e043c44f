export type Theme = 'auto' | 'light' | 'dark'
const PLACE = 'balance.theme'

/** As chosen here before; `auto` follows the system. */
export function savedTheme(): Theme {
  const saved = localStorage.getItem(PLACE)
  return saved === 'light' || saved === 'dark' ? saved : 'auto'
}

export function setTheme(theme: Theme): void {
  localStorage.setItem(PLACE, theme)
  applyTheme(theme)
}

/** Tells the style sheet, and charts, which read their colours from it. */
export function applyTheme(theme: Theme): void {
  if (theme === 'auto') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  window.dispatchEvent(new Event(THEME_CHANGED))
}

export const THEME_CHANGED = 'balance-theme'

const dark = matchMedia('(prefers-color-scheme: dark)')
dark.addEventListener('change', () => window.dispatchEvent(new Event(THEME_CHANGED)))
