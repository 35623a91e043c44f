import { useEffect, useState } from 'preact/hooks'
import { after } from '../data/clock.ts'
import { t } from '../text/text.ts'

interface Notice {
  readonly id: number
  readonly text: string
}

const SHOWN_MS = 8_000
let notices: readonly Notice[] = []
let next = 1
let changed: () => void = () => {}

/** Says something in the corner, and to screen readers when they are done with what they say. */
export function notify(text: string): void {
  const notice = { id: next++, text }
  show([...notices.slice(-3), notice])
  after(SHOWN_MS, () => dismiss(notice.id))
}

function dismiss(id: number): void {
  show(notices.filter(notice => notice.id !== id))
}

function show(these: readonly Notice[]): void {
  notices = these
  changed()
}

export function Notices() {
  const [shown, setShown] = useState(notices)
  useEffect(() => {
    changed = () => setShown(notices)
  }, [])
  return (
    <div class="notices" role="status" aria-live="polite">
      {shown.map(({ id, text }) => (
        <div key={id} class="notice">
          <span>{text}</span>
          <button type="button" class="quiet" onClick={() => dismiss(id)} aria-label={t('close')}>
            ✕
          </button>
        </div>
      ))}
    </div>
  )
}
