import { useId } from 'preact/hooks'

interface FieldProps {
  readonly label: string
  readonly value: string
  readonly onInput: (value: string) => void
  readonly type?: 'text' | 'password' | 'number' | 'date' | 'search' | 'url'
  readonly hint?: string | undefined
  readonly required?: boolean
  readonly placeholder?: string
  /** Offered while one types. */
  readonly choices?: readonly string[]
  readonly max?: number
  readonly focus?: boolean
}

export function Field(props: FieldProps) {
  const id = useId()
  const { label, value, onInput, type = 'text', hint, choices, focus } = props
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type={type}
        value={value}
        required={props.required ?? false}
        placeholder={props.placeholder}
        min={type === 'number' ? 1 : undefined}
        max={props.max}
        autocomplete="off"
        spellcheck={false}
        list={choices ? `${id}-list` : undefined}
        aria-describedby={hint ? `${id}-hint` : undefined}
        ref={input => {
          if (focus && input && !input.dataset.focused) {
            input.dataset.focused = 'yes'
            input.focus()
          }
        }}
        onInput={event => onInput(event.currentTarget.value)}
      />
      {choices && (
        <datalist id={`${id}-list`}>
          {choices.map(choice => (
            <option key={choice} value={choice} />
          ))}
        </datalist>
      )}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}

interface SelectProps<T extends string> {
  readonly label: string
  readonly value: T
  readonly options: readonly (readonly [T, string])[]
  readonly onChange: (value: T) => void
  readonly hint?: string | undefined
}

export function Select<T extends string>({
  label,
  value,
  options,
  onChange,
  hint,
}: SelectProps<T>) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={event => onChange(event.currentTarget.value as T)}
      >
        {options.map(([name, shown]) => (
          <option key={name} value={name}>
            {shown}
          </option>
        ))}
      </select>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}

interface AreaProps {
  readonly label: string
  readonly value: string
  readonly onInput: (value: string) => void
  readonly hint?: string
  readonly rows?: number
}

export function Area({ label, value, onInput, hint, rows = 8 }: AreaProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        rows={rows}
        value={value}
        autocomplete="off"
        spellcheck={false}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onInput={event => onInput(event.currentTarget.value)}
      />
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}

/** A whole number typed into a field; undefined where it is empty or none. */
export function wholeOf(text: string): number | undefined {
  const value = Number(text)
  return text.trim() !== '' && Number.isSafeInteger(value) ? value : undefined
}

/** Names with commas or blanks between; null where there are none. */
export function listOf(text: string): string[] | null {
  const names = text.split(/[\s,]+/).filter(name => name !== '')
  return names.length > 0 ? names : null
}
