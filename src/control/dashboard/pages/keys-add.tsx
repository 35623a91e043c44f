import { useState } from 'preact/hooks'
import { change } from '../data/api.ts'
import { useAction, useRead } from '../data/hooks.ts'
import { type PastedKey, parsePastedKeys } from '../data/pasted-keys.ts'
import { t } from '../text/text.ts'
import { Badge } from '../ui/badge.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Area, Field, Select, wholeOf } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { notify } from '../ui/notices.tsx'
import { type Column, Table } from '../ui/table.tsx'

/** Rows of the preview; refused ones come first, so that none of them is hidden. */
const SHOWN = 200

interface KeysAddProps {
  /** Null: to be chosen. */
  readonly provider: string | null
  readonly onClose: () => void
  readonly onDone: () => void
}

interface Rejected {
  readonly line: number
  readonly reason: string
}

/** Takes many keys by one paste, and says before and after which of them are refused. */
export function KeysAdd({ provider: given, onClose, onDone }: KeysAddProps) {
  const providers = useRead('providers.list', {})
  const [provider, setProvider] = useState(given ?? '')
  const [text, setText] = useState('')
  const [weight, setWeight] = useState('')
  const [tier, setTier] = useState('')
  const [rejected, setRejected] = useState<readonly Rejected[]>([])
  const action = useAction()
  const keys = parsePastedKeys(text)
  const refused = keys.filter(({ fault }) => fault !== null && fault !== 'duplicate')
  const good = keys.filter(({ fault }) => fault === null)
  const names = providers.data?.map(({ name }) => name) ?? (given ? [given] : [])

  const submit = () =>
    action.run(async () => {
      const limits = { weight: wholeOf(weight), tier: wholeOf(tier) }
      const answer = await change('keys.add', {
        provider,
        text,
        ...(limits.weight === undefined ? {} : { weight: limits.weight }),
        ...(limits.tier === undefined ? {} : { tier: limits.tier }),
      })
      setRejected(answer.rejected)
      if (answer.rejected.length > 0) return
      setText('')
      notify(t('keys.added', { n: answer.added.length, duplicates: answer.duplicates }))
      onDone()
      onClose()
    })
  return (
    <Dialog title={t('keys.add')} onClose={onClose} wide>
      <Form
        action={action}
        onSubmit={submit}
        submit={t('keys.add.n', { n: good.length })}
        onCancel={onClose}
        disabled={good.length === 0 || refused.length > 0 || provider === ''}
      >
        <div class="fields">
          <Select
            label={t('provider')}
            value={provider}
            options={[['', t('choose')], ...names.map(name => [name, name] as const)]}
            onChange={setProvider}
          />
          <Field label={t('weight')} type="number" value={weight} onInput={setWeight} max={1_000} />
          <Field label={t('tier')} type="number" value={tier} onInput={setTier} max={100} />
        </div>
        <Area
          label={t('keys.paste')}
          value={text}
          onInput={next => {
            setText(next)
            setRejected([])
          }}
          hint={t('keys.paste.hint')}
        />
        <p aria-live="polite">
          {keys.length > 0 &&
            t('keys.preview', {
              good: good.length,
              duplicates: keys.length - good.length - refused.length,
              refused: refused.length,
            })}
        </p>
        {rejected.length > 0 && (
          <p class="problem" role="alert">
            {t('keys.rejected', { n: rejected.length })}
          </p>
        )}
        {keys.length > 0 && (
          <Table
            caption={t('keys.paste')}
            columns={columnsOf(rejected)}
            rows={shownOf(keys, rejected)}
            idOf={row => String(row.line)}
            empty=""
          />
        )}
      </Form>
    </Dialog>
  )
}

function shownOf(keys: readonly PastedKey[], rejected: readonly Rejected[]): readonly PastedKey[] {
  const bad = new Set(rejected.map(({ line }) => line))
  const rank = ({ fault, line }: PastedKey) =>
    bad.has(line) || (fault !== null && fault !== 'duplicate') ? 0 : 1
  return [...keys].sort((a, b) => rank(a) - rank(b)).slice(0, SHOWN)
}

function columnsOf(rejected: readonly Rejected[]): readonly Column<PastedKey>[] {
  const reasons = new Map(rejected.map(({ line, reason }) => [line, reason]))
  return [
    { head: t('line'), role: 'name', cell: row => row.line },
    { head: t('value'), cell: row => <code>{row.masked}</code> },
    { head: t('label'), cell: row => row.label || t('label.made') },
    {
      head: t('result'),
      role: 'long',
      cell: ({ line, fault }) => {
        const reason = reasons.get(line)
        if (reason !== undefined) return <Badge tone="bad" text={reason} />
        if (fault === null) return <Badge tone="good" text={t('keys.will.add')} />
        return <Badge tone={fault === 'duplicate' ? 'off' : 'bad'} text={t(`fault.${fault}`)} />
      },
    },
  ]
}
