import { useState } from 'preact/hooks'
import { change } from '../data/api.ts'
import type { TargetShape } from '../data/contract.ts'
import { useRead } from '../data/hooks.ts'
import { t } from '../text/text.ts'
import { Confirm, type Question } from '../ui/confirm.tsx'
import { Loaded, Page, Section } from '../ui/page.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Explain } from './explain.tsx'
import { AddRoute } from './route-add.tsx'

export function Routes() {
  const reading = useRead('routes.list', {}, { every: 15_000 })
  const [adding, setAdding] = useState(false)
  const [question, setQuestion] = useState<Question | null>(null)
  const { revision, again } = reading
  const tools = (
    <button type="button" class="primary" onClick={() => setAdding(true)}>
      {t('routes.add')}
    </button>
  )
  return (
    <Page title={t('nav.routes')} tools={tools}>
      <Loaded reading={reading}>
        {targets => (
          <Table
            caption={t('nav.routes')}
            columns={columnsOf(target => setQuestion(removeQuestion(target, revision)))}
            rows={targets}
            idOf={row => row.id}
            empty={t('routes.none')}
          />
        )}
      </Loaded>
      <Section title={t('explain')}>
        <Explain />
      </Section>
      {adding && <AddRoute onClose={() => setAdding(false)} onEnd={again} />}
      {question && <Confirm question={question} onClose={() => setQuestion(null)} onEnd={again} />}
    </Page>
  )
}

function columnsOf(onRemove: (target: TargetShape) => void): readonly Column<TargetShape>[] {
  return [
    { head: t('model'), role: 'name', cell: row => <code>{row.model}</code> },
    { head: t('provider'), cell: row => row.provider },
    {
      head: t('target.model'),
      role: 'long',
      cell: row => (row.target_model === null ? t('target.same') : <code>{row.target_model}</code>),
    },
    { head: t('tier'), right: true, cell: row => row.tier },
    { head: t('weight'), right: true, cell: row => row.weight },
    { head: t('origin'), cell: row => t(`origin.${row.origin}`) },
    {
      head: t('actions'),
      role: 'actions',
      cell: row => (
        <button
          type="button"
          class="danger-quiet"
          aria-label={t('routes.remove.title', { model: row.model, provider: row.provider })}
          onClick={() => onRemove(row)}
        >
          {t('remove')}
        </button>
      ),
    },
  ]
}

function removeQuestion(target: TargetShape, revision: number | null): Question {
  const { model, provider, target_model } = target
  return {
    title: t('routes.remove.title', { model, provider }),
    body: <p>{t('routes.remove.body')}</p>,
    action: t('remove'),
    work: () =>
      change('routes.remove', { model, to: [{ provider, model: target_model }] }, revision),
    done: t('routes.removed', { model, provider }),
  }
}
