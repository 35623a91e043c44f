import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { useAction } from '../data/hooks.ts'
import { t } from '../text/text.ts'
import { Dialog } from './dialog.tsx'
import { Field } from './field.tsx'
import { Form } from './form.tsx'
import { notify } from './notices.tsx'

export interface Question {
  readonly title: string
  readonly body: ComponentChildren
  readonly action: string
  /** Has to be typed, where something is lost for good. */
  readonly typed?: string
  readonly work: () => Promise<unknown>
  /** Said when it is done. */
  readonly done: string
}

interface ConfirmProps {
  readonly question: Question
  readonly onClose: () => void
  /** After it was done, and where it was refused because the store had changed. */
  readonly onEnd: () => void
}

/** Asks before something that cannot be taken back. */
export function Confirm({ question, onClose, onEnd }: ConfirmProps) {
  const { title, body, action: label, typed, work, done } = question
  const [given, setGiven] = useState('')
  const action = useAction()
  const submit = () =>
    action.run(async () => {
      try {
        await work()
      } finally {
        onEnd()
      }
      notify(done)
      onClose()
    })
  return (
    <Dialog title={title} onClose={onClose}>
      <Form
        action={action}
        onSubmit={submit}
        submit={label}
        onCancel={onClose}
        danger
        disabled={typed !== undefined && given !== typed}
      >
        <div class="question">{body}</div>
        {typed !== undefined && (
          <Field label={t('type.name', { name: typed })} value={given} onInput={setGiven} />
        )}
      </Form>
    </Dialog>
  )
}
