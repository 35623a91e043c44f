import { useState } from 'preact/hooks'
import { change, read } from '../data/api.ts'
import type { KeyQuery } from '../data/contract.ts'
import { useAction } from '../data/hooks.ts'
import { t } from '../text/text.ts'
import { Confirm } from '../ui/confirm.tsx'
import { notify } from '../ui/notices.tsx'
import { Problem } from '../ui/problem.tsx'
import { TestRun } from './test-run.tsx'

/** Keys of one call: as many as an operation takes, for each makes a revision, which the daemon loads. */
const BATCH = 1_000
/** Of one page that is read to choose all. */
const PAGE = 200

export type KeyVerb = 'keys.enable' | 'keys.disable' | 'keys.reset' | 'keys.remove'

interface KeysBulkProps {
  readonly chosen: ReadonlySet<string>
  readonly query: KeyQuery
  /** Keys that the query finds. */
  readonly total: number
  readonly revision: number | null
  readonly onChosen: (chosen: ReadonlySet<string>) => void
  readonly onEnd: () => void
}

/** What can be done with the keys that are chosen, and how far it is. */
export function KeysBulk({ chosen, query, total, revision, onChosen, onEnd }: KeysBulkProps) {
  const [done, setDone] = useState<{ readonly done: number; readonly of: number } | null>(null)
  const [asked, setAsked] = useState<'disable' | 'remove' | 'test' | null>(null)
  const action = useAction()
  const n = chosen.size

  const chooseAll = () =>
    action.run(async () => {
      const all = new Set<string>()
      for (let offset = 0; offset < total; offset += PAGE) {
        setDone({ done: offset, of: total })
        const page = await read('keys.list', { ...query, limit: PAGE, offset })
        for (const { id } of page.rows) all.add(id)
      }
      setDone(null)
      onChosen(all)
    })
  const doAll = async (verb: KeyVerb) => {
    try {
      await inBatches(verb, [...chosen], verb === 'keys.remove' ? revision : null, setDone)
      if (verb === 'keys.remove') onChosen(new Set())
    } finally {
      setDone(null)
      onEnd()
    }
  }
  const run = (verb: KeyVerb) =>
    action.run(async () => {
      await doAll(verb)
      notify(t('keys.done', { n }))
    })
  const idle = n === 0 || action.busy
  return (
    <div class="bulk">
      <p aria-live="polite">
        {n === 0 ? t('keys.found', { n: total }) : t('keys.chosen', { n, total })}
      </p>
      <div class="buttons-row">
        <button type="button" disabled={action.busy || total === 0} onClick={chooseAll}>
          {t('select.all', { total })}
        </button>
        <button type="button" disabled={n === 0} onClick={() => onChosen(new Set())}>
          {t('select.none')}
        </button>
        <button type="button" disabled={idle} onClick={() => setAsked('test')}>
          {t('test')}
        </button>
        <button type="button" disabled={idle} onClick={() => run('keys.reset')}>
          {t('reset')}
        </button>
        <button type="button" disabled={idle} onClick={() => run('keys.enable')}>
          {t('enable')}
        </button>
        <button type="button" disabled={idle} onClick={() => setAsked('disable')}>
          {t('disable')}
        </button>
        <button
          type="button"
          class="danger-quiet"
          disabled={idle}
          onClick={() => setAsked('remove')}
        >
          {t('remove')}
        </button>
      </div>
      {done && <progress aria-label={t('working')} max={done.of} value={done.done} />}
      <Problem error={action.error} />
      {asked === 'test' && (
        <TestRun
          title={t('test.keys', { n })}
          operation="keys.test"
          input={{ keys: [...chosen] }}
          total={n}
          onClose={() => {
            setAsked(null)
            onEnd()
          }}
        />
      )}
      {(asked === 'remove' || asked === 'disable') && (
        <Confirm
          question={{
            title: t(asked === 'remove' ? 'keys.remove.title' : 'keys.disable.title', { n }),
            body: <p>{t(asked === 'remove' ? 'keys.remove.body' : 'keys.disable.body')}</p>,
            action: t(asked),
            ...(asked === 'remove' ? { typed: String(n) } : {}),
            work: () => doAll(`keys.${asked}`),
            done: t('keys.done', { n }),
          }}
          onClose={() => setAsked(null)}
          onEnd={() => {}}
        />
      )}
    </div>
  )
}

/** Each batch makes a revision of its own, which the next one is given. */
async function inBatches(
  verb: KeyVerb,
  keys: readonly string[],
  seen: number | null,
  onProgress: (progress: { readonly done: number; readonly of: number }) => void,
): Promise<void> {
  let revision = seen
  for (let from = 0; from < keys.length; from += BATCH) {
    onProgress({ done: from, of: keys.length })
    const answer = await change(verb, { keys: keys.slice(from, from + BATCH) }, revision)
    if (revision !== null) revision = answer.revision
  }
}
