interface ChoiceProps<T extends string> {
  readonly label: string
  readonly value: T
  readonly options: readonly (readonly [T, string])[]
  readonly onChange: (value: T) => void
}

/** A few things of which one holds, all of them in sight. */
export function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  return (
    <fieldset class="choice">
      <legend class="unseen">{label}</legend>
      {options.map(([name, shown]) => (
        <button
          type="button"
          key={name}
          aria-pressed={name === value}
          onClick={() => onChange(name)}
        >
          {shown}
        </button>
      ))}
    </fieldset>
  )
}
