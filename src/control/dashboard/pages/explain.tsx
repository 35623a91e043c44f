import { useState } from 'preact/hooks'
import { read } from '../data/api.ts'
import type { Explanation } from '../data/contract.ts'
import { formatLeft, NONE } from '../data/format.ts'
import { useAction, useRead } from '../data/hooks.ts'
import { go } from '../data/navigation.ts'
import { t } from '../text/text.ts'
import { Badge } from '../ui/badge.tsx'
import { Field, Select } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { type Column, Table } from '../ui/table.tsx'

const PATH = '/v1/chat/completions'

/** Where a request would go now, and why not elsewhere. */
export function Explain() {
  const tokens = useRead('tokens.list', {})
  const [model, setModel] = useState('')
  const [token, setToken] = useState('')
  const [path, setPath] = useState(PATH)
  const [explanation, setExplanation] = useState<Explanation | null>(null)
  const action = useAction()
  const submit = () =>
    action.run(async () => {
      setExplanation(await read('explain', { model, path, ...(token === '' ? {} : { token }) }))
    })
  const names = tokens.data?.map(({ name }) => name) ?? []
  return (
    <>
      <Form action={action} onSubmit={submit} submit={t('explain.ask')}>
        <div class="fields">
          <Field label={t('model')} value={model} onInput={setModel} required />
          <Select
            label={t('token')}
            value={token}
            options={[['', t('explain.any')], ...names.map(name => [name, name] as const)]}
            onChange={setToken}
          />
          <Field label={t('path')} value={path} onInput={setPath} choices={PATHS} />
        </div>
      </Form>
      <div class="said" aria-live="polite">
        {explanation && <Answer explanation={explanation} />}
      </div>
    </>
  )
}

const PATHS = [PATH, '/v1/embeddings', '/v1/responses', '/v1/messages']

function Answer({ explanation }: { explanation: Explanation }) {
  const { route, candidates, choice, refusal } = explanation
  return (
    <>
      <p>{route === null ? t('explain.no.route') : t('explain.route', { route })}</p>
      {choice && (
        <p>
          <Badge tone="good" text={t('explain.goes')} /> {choice.provider}
          {choice.model && ` / ${choice.model}`}
          {', '}
          <button type="button" class="link" onClick={() => go('keys', choice.key)}>
            {choice.key}
          </button>
        </p>
      )}
      {refusal && (
        <p>
          <Badge tone="bad" text={`${refusal.status} ${refusal.code}`} /> {refusal.message}
          {refusal.retry_after_ms !== null &&
            ` (${t('in', { time: formatLeft(refusal.retry_after_ms) })})`}
        </p>
      )}
      <Table
        caption={t('explain.candidates')}
        columns={columnsOf()}
        rows={candidates}
        idOf={row => `${row.tier} ${row.provider} ${row.model} ${row.reason}`}
        empty={t('explain.none')}
      />
    </>
  )
}

type Candidate = Explanation['candidates'][number]

function columnsOf(): readonly Column<Candidate>[] {
  const tones = { chosen: 'good', able: 'plain', removed: 'bad' } as const
  return [
    { head: t('provider'), role: 'name', cell: row => row.provider },
    { head: t('model'), cell: row => row.model ?? NONE },
    { head: t('tier'), right: true, cell: row => row.tier },
    { head: t('weight'), right: true, cell: row => row.weight },
    { head: t('keys.usable'), right: true, cell: row => `${row.usable} / ${row.keys}` },
    {
      head: t('state'),
      cell: row => <Badge tone={tones[row.state]} text={t(`candidate.${row.state}`)} />,
    },
    { head: t('why'), role: 'long', cell: row => row.reason },
  ]
}
