import type { ComponentChildren } from 'preact'
import type { Action } from '../data/hooks.ts'
import { t } from '../text/text.ts'
import { Problem } from './problem.tsx'

interface FormProps {
  readonly action: Action
  readonly onSubmit: () => void
  readonly submit: string
  readonly onCancel?: () => void
  readonly danger?: boolean
  readonly disabled?: boolean
  readonly children: ComponentChildren
}

/** Fields, what went wrong, and the buttons; Enter submits. */
export function Form(props: FormProps) {
  const { action, onSubmit, submit, onCancel, danger, disabled, children } = props
  return (
    <form
      onSubmit={event => {
        event.preventDefault()
        if (!action.busy && !disabled) onSubmit()
      }}
    >
      {children}
      <Problem error={action.error} />
      <div class="buttons">
        {onCancel && (
          <button type="button" onClick={onCancel}>
            {t('cancel')}
          </button>
        )}
        <button
          type="submit"
          class={danger ? 'danger' : 'primary'}
          disabled={disabled === true || action.busy}
        >
          {action.busy ? t('working') : submit}
        </button>
      </div>
    </form>
  )
}
