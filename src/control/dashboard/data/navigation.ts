import { useEffect, useState } from 'preact/hooks'
import { formatPlace, type PageName, type Place, parsePlace } from './router.ts'

/** Goes to a place; what the browser's back button returns from. */
export function go(page: PageName, item: string | null = null, query: Place['query'] = {}): void {
  location.hash = formatPlace({ page, item, query })
}

/** Changes the query of where one is, without a step to go back to. */
export function refine(query: Place['query']): void {
  const place = parsePlace(location.hash)
  const hash = formatPlace({ ...place, query: { ...place.query, ...query } })
  if (hash === location.hash) return
  history.replaceState(null, '', hash)
  window.dispatchEvent(new HashChangeEvent('hashchange'))
}

export function usePlace(): Place {
  const [place, setPlace] = useState(() => parsePlace(location.hash))
  useEffect(() => {
    const moved = () => setPlace(parsePlace(location.hash))
    window.addEventListener('hashchange', moved)
    return () => window.removeEventListener('hashchange', moved)
  }, [])
  return place
}
