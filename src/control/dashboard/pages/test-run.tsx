import { useEffect, useState } from 'preact/hooks'
import { type ApiError, rows } from '../data/api.ts'
import { after } from '../data/clock.ts'
import type { RowsOf, TestShape } from '../data/contract.ts'
import { formatMs, NONE } from '../data/format.ts'
import { asApiError } from '../data/hooks.ts'
import { t } from '../text/text.ts'
import { Badge, KeyState, Status } from '../ui/badge.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Problem } from '../ui/problem.tsx'
import { type Column, Table } from '../ui/table.tsx'

/** Keys that one call is given, so that progress is seen and much can be broken off. */
const BATCH = 200
/** Rows that are shown, those that do not work first, and how often they are drawn. */
const SHOWN = 200
const DRAW_MS = 250

interface TestRunProps<K extends keyof RowsOf> {
  readonly title: string
  readonly operation: K
  readonly input: RowsOf[K]['in']
  /** How many rows will come; null where it is not known. */
  readonly total: number | null
  readonly onClose: () => void
}

/** Tests keys and shows what each was told, as it comes; closing it ends the test. */
export function TestRun<K extends keyof RowsOf>(props: TestRunProps<K>) {
  const { title, operation, input, total, onClose } = props
  const [results, setResults] = useState<readonly TestShape[]>([])
  const [error, setError] = useState<ApiError | null>(null)
  const [running, setRunning] = useState(true)
  // What is tested is fixed when it opens.
  useEffect(() => {
    const ended = new AbortController()
    let waiting: TestShape[] = []
    let cancel: (() => void) | null = null
    const draw = () => {
      const fresh = waiting
      waiting = []
      cancel = null
      setResults(old => [...old, ...fresh])
    }
    const run = async () => {
      try {
        for (const part of partsOf(operation, input)) {
          for await (const row of rows(operation, part, ended.signal)) {
            waiting.push(row)
            cancel ??= after(DRAW_MS, draw)
          }
        }
      } catch (reason) {
        if (!ended.signal.aborted) setError(asApiError(reason))
      }
      if (ended.signal.aborted) return
      cancel?.()
      draw()
      setRunning(false)
    }
    void run()
    return () => {
      ended.abort()
      cancel?.()
    }
  }, [])
  const fine = results.filter(({ ok }) => ok).length
  const values = { done: results.length, fine, bad: results.length - fine }
  return (
    <Dialog title={title} onClose={onClose} wide>
      <p role="status" aria-live="polite">
        {running ? t('test.running', values) : t('test.done', values)}
      </p>
      {running && (
        <progress
          aria-label={title}
          max={total ?? undefined}
          value={total ? results.length : undefined}
        />
      )}
      <Problem error={error} />
      <Table
        caption={title}
        columns={columnsOf()}
        rows={[...results].sort((a, b) => Number(a.ok) - Number(b.ok)).slice(0, SHOWN)}
        idOf={row => row.key}
        empty={running ? t('loading') : t('keys.none')}
      />
      <div class="buttons">
        <button type="button" onClick={onClose}>
          {running ? t('stop') : t('close')}
        </button>
      </div>
    </Dialog>
  )
}

function partsOf<K extends keyof RowsOf>(operation: K, input: RowsOf[K]['in']): RowsOf[K]['in'][] {
  if (operation !== 'keys.test' || !('keys' in input)) return [input]
  const count = Math.ceil(input.keys.length / BATCH)
  return Array.from({ length: count }, (_, index) => ({
    keys: input.keys.slice(index * BATCH, (index + 1) * BATCH),
  }))
}

function columnsOf(): readonly Column<TestShape>[] {
  return [
    { head: t('key'), role: 'name', cell: row => row.label || row.key },
    {
      head: t('result'),
      cell: row => <Badge tone={row.ok ? 'good' : 'bad'} text={row.result.replaceAll('_', ' ')} />,
    },
    { head: t('status'), cell: row => <Status status={row.status} /> },
    { head: t('message'), role: 'long', cell: row => row.message || NONE },
    { head: t('time'), right: true, cell: row => formatMs(row.ms) },
    { head: t('state.after'), cell: row => <KeyState state={row.after} /> },
  ]
}
