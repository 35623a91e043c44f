import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, readRevised } from './api.ts'
import { after } from './clock.ts'
import type { Reads } from './contract.ts'

export interface Reading<T> {
  /** What came last; kept while it is read again. */
  readonly data: T | null
  readonly error: ApiError | null
  /** In force just before `data` was read, for changes that are made from it; null before. */
  readonly revision: number | null
  /** What is shown may be the answer to another question. */
  readonly busy: boolean
  readonly again: () => void
}

interface ReadOptions {
  /** Read again after so many ms, while the tab is shown. */
  readonly every?: number
}

/** An operation's answer for this query, read again when either changes. */
export function useRead<K extends keyof Reads>(
  operation: K,
  query: Reads[K]['in'],
  { every }: ReadOptions = {},
): Reading<Reads[K]['out']> {
  type State = Omit<Reading<Reads[K]['out']>, 'again'>
  const [state, setState] = useState<State>({ data: null, error: null, revision: null, busy: true })
  const [turn, setTurn] = useState(0)
  const text = JSON.stringify(query)
  useEffect(() => {
    const ended = new AbortController()
    let cancel = () => {}
    const load = async (unasked: boolean) => {
      const options = { signal: ended.signal, unasked }
      if (!unasked) setState(old => ({ ...old, busy: true }))
      try {
        const answer = await readRevised(operation, JSON.parse(text) as Reads[K]['in'], options)
        if (ended.signal.aborted) return
        setState({ ...answer, error: null, busy: false })
      } catch (error) {
        if (ended.signal.aborted) return
        setState(old => ({ ...old, error: asApiError(error), busy: false }))
      }
      if (every !== undefined) cancel = after(every, whenShown)
    }
    const whenShown = () => {
      if (!document.hidden) void load(true)
    }
    const shown = () => {
      cancel()
      whenShown()
    }
    void load(false)
    if (every !== undefined) document.addEventListener('visibilitychange', shown)
    return () => {
      ended.abort()
      cancel()
      document.removeEventListener('visibilitychange', shown)
    }
  }, [operation, text, every, turn])
  return { ...state, again: useCallback(() => setTurn(old => old + 1), []) }
}

export interface Action {
  readonly busy: boolean
  readonly error: ApiError | null
  readonly run: (work: () => Promise<unknown>) => void
}

/** Something that takes a while and may fail: one at a time, its error kept to be shown. */
export function useAction(): Action {
  const [state, setState] = useState<Omit<Action, 'run'>>({ busy: false, error: null })
  const mounted = useRef(true)
  useEffect(() => {
    mounted.current = true
    return () => {
      mounted.current = false
    }
  }, [])
  const run = (work: () => Promise<unknown>) => {
    setState({ busy: true, error: null })
    const end = (error: ApiError | null) => {
      if (mounted.current) setState({ busy: false, error })
    }
    work().then(
      () => end(null),
      error => end(asApiError(error)),
    )
  }
  return { ...state, run }
}

/** Whatever was thrown, as what the pages can show. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new ApiError('internal_error', message, null, 0)
}
