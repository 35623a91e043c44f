import { useState } from 'preact/hooks'
import { change } from '../data/api.ts'
import type { KeyDetail, UsageSums } from '../data/contract.ts'
import { formatCount, formatShare, NONE } from '../data/format.ts'
import { useAction, useRead } from '../data/hooks.ts'
import { go } from '../data/navigation.ts'
import { t } from '../text/text.ts'
import { KeyState } from '../ui/badge.tsx'
import { Confirm, type Question } from '../ui/confirm.tsx'
import { Facts } from '../ui/facts.tsx'
import { notify } from '../ui/notices.tsx'
import { Loaded, Page, Section } from '../ui/page.tsx'
import { Problem } from '../ui/problem.tsx'
import { Moment, TimeLeft } from '../ui/time.tsx'
import { ChangeKey } from './key-change.tsx'
import { TestRun } from './test-run.tsx'

type Open = 'change' | 'test' | Question | null

export function KeyDetailPage({ id }: { id: string }) {
  const reading = useRead('keys.show', { key: id }, { every: 5_000 })
  const [open, setOpen] = useState<Open>(null)
  const [seen, setSeen] = useState<number | null>(null)
  const action = useAction()
  const { again, data, revision } = reading
  const show = (next: Open) => {
    setSeen(revision)
    setOpen(next)
  }
  const close = () => setOpen(null)
  const run = (verb: 'keys.reset' | 'keys.enable') =>
    action.run(async () => {
      await change(verb, { keys: [id] })
      notify(t('keys.done', { n: 1 }))
      again()
    })
  const disabled = data?.state === 'disabled'
  const tools = (
    <>
      <button type="button" onClick={() => (history.length > 1 ? history.back() : go('keys'))}>
        {t('back')}
      </button>
      <button type="button" onClick={() => show('test')}>
        {t('test')}
      </button>
      <button type="button" disabled={action.busy} onClick={() => run('keys.reset')}>
        {t('reset')}
      </button>
      <button type="button" disabled={!data} onClick={() => show('change')}>
        {t('change')}
      </button>
      <button
        type="button"
        disabled={!data || action.busy}
        onClick={() => (disabled ? run('keys.enable') : show(disableQuestion(id)))}
      >
        {disabled ? t('enable') : t('disable')}
      </button>
      <button
        type="button"
        class="danger-quiet"
        disabled={!data}
        onClick={() => data && show(removeQuestion(data, revision))}
      >
        {t('remove')}
      </button>
    </>
  )
  return (
    <Page title={data?.label || id} tools={tools}>
      <Problem error={action.error} />
      <Loaded reading={reading}>{key => <Detail detail={key} />}</Loaded>
      {open === 'change' && data && (
        <ChangeKey detail={data} revision={seen} onClose={close} onEnd={again} />
      )}
      {open === 'test' && (
        <TestRun
          title={t('test.keys', { n: 1 })}
          operation="keys.test"
          input={{ keys: [id] }}
          total={1}
          onClose={() => {
            close()
            again()
          }}
        />
      )}
      {open !== null && typeof open === 'object' && (
        <Confirm question={open} onClose={close} onEnd={again} />
      )}
    </Page>
  )
}

function Detail({ detail }: { detail: KeyDetail }) {
  const limit = (value: number | null) => (value === null ? t('limit.none') : formatCount(value))
  return (
    <>
      <div class="columns">
        <Section title={t('state')}>
          <Facts
            facts={[
              [t('state'), <KeyState key="state" state={detail.state} />],
              [t('why'), detail.reason || NONE],
              [t('returns'), <TimeLeft key="until" until={detail.until} />],
              [t('failures'), formatCount(detail.failures)],
              ...(detail.state === 'cooling'
                ? [
                    [
                      t('key.limits'),
                      detail.rate_limited_for.join(', ') || t('models.all'),
                    ] as const,
                  ]
                : []),
            ]}
          />
        </Section>
        <Section title={t('key')}>
          <Facts
            facts={[
              [t('id'), <code key="id">{detail.id}</code>],
              [
                t('provider'),
                <button
                  key="provider"
                  type="button"
                  class="link"
                  onClick={() => go('providers', detail.provider)}
                >
                  {detail.provider}
                </button>,
              ],
              [t('value'), <code key="value">{detail.reference ?? detail.masked}</code>],
              [t('weight'), detail.weight],
              [t('tier'), detail.tier],
              [t('rpm'), limit(detail.rpm)],
              [t('concurrency'), limit(detail.concurrency)],
              [t('origin'), t(`origin.${detail.origin}`)],
              [t('created'), <Moment key="created" time={detail.created} />],
            ]}
          />
        </Section>
      </div>
      <div class="columns">
        <Usage title={t('usage.h24')} sums={detail.usage.h24} />
        <Usage title={t('usage.d7')} sums={detail.usage.d7} />
      </div>
      <p class="buttons-row">
        <button
          type="button"
          onClick={() => go('requests', null, { key: detail.id, mode: 'past' })}
        >
          {t('key.requests')}
        </button>
        <button type="button" onClick={() => go('errors', null, { key: detail.id })}>
          {t('key.errors')}
        </button>
      </p>
    </>
  )
}

function Usage({ title, sums }: { title: string; sums: UsageSums }) {
  return (
    <Section title={title}>
      <Facts
        facts={[
          [t('requests'), formatCount(sums.requests)],
          [t('attempts'), formatCount(sums.attempts)],
          [t('errors'), `${formatCount(sums.errors)} (${formatShare(sums.errors, sums.requests)})`],
          [t('tokens.prompt'), formatCount(sums.prompt_tokens)],
          [t('tokens.completion'), formatCount(sums.completion_tokens)],
        ]}
      />
    </Section>
  )
}

function disableQuestion(id: string): Question {
  return {
    title: t('keys.disable.title', { n: 1 }),
    body: <p>{t('keys.disable.body')}</p>,
    action: t('disable'),
    work: () => change('keys.disable', { keys: [id] }),
    done: t('keys.done', { n: 1 }),
  }
}

function removeQuestion(detail: KeyDetail, revision: number | null): Question {
  return {
    title: t('keys.remove.title', { n: 1 }),
    body: <p>{t('keys.remove.body')}</p>,
    action: t('remove'),
    typed: detail.label || detail.id,
    work: async () => {
      await change('keys.remove', { keys: [detail.id] }, revision)
      go('keys')
    },
    done: t('keys.done', { n: 1 }),
  }
}
