import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { Reading } from '../data/hooks.ts'
import { t } from '../text/text.ts'
import { Problem } from './problem.tsx'

interface PageProps {
  readonly title: string
  /** Beside the title. */
  readonly tools?: ComponentChildren
  readonly children: ComponentChildren
}

/** A page's heading, which has the focus when one has come here, and what is below it. */
export function Page({ title, tools, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · balance`
    if (document.activeElement === document.body) heading.current?.focus()
  }, [title])
  return (
    <>
      <header class="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {tools && <div class="tools">{tools}</div>}
      </header>
      {children}
    </>
  )
}

interface LoadedProps<T> {
  readonly reading: Reading<T>
  readonly children: (data: T) => ComponentChildren
}

/** What was read, once it is there; what went wrong stands above what was read before. */
export function Loaded<T>({ reading, children }: LoadedProps<T>) {
  const { data, error, busy, again } = reading
  return (
    <div class="loaded" aria-busy={busy}>
      <Problem error={error} again={again} />
      {data === null ? !error && <p class="empty loading">{t('loading')}</p> : children(data)}
    </div>
  )
}

/** A part of a page with a heading of its own. */
export function Section({ title, tools, children }: PageProps) {
  return (
    <section class="card" aria-label={title}>
      <header class="section-head">
        <h2>{title}</h2>
        {tools && <div class="tools">{tools}</div>}
      </header>
      {children}
    </section>
  )
}
