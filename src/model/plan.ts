import type { Origin } from './catalog.ts'

/** What a configuration file can declare. */
export type Declarable = 'setting' | 'provider' | 'key' | 'token' | 'route' | 'proxy'

/** One field that differs, as an operator would write it and without secrets; null: it is not there. */
export interface FieldChange {
  readonly name: string
  readonly before: string | null
  readonly after: string | null
}

/** What a file declares, against what is in force. */
export interface Difference {
  readonly kind: Declarable
  /** `max_retries`, `openai`, `openai/key-1`, `laptop`, `fast -> groq:llama-3`. */
  readonly name: string
  /** `adopt`: a command holds it, with the very values that the file has. */
  readonly action: 'add' | 'change' | 'adopt' | 'remove'
  /** Who holds what is in force; null where there is nothing yet. */
  readonly holder: Origin | null
  readonly fields: readonly FieldChange[]
}

/** What would have to be done for the store to be as a file declares it. */
export interface Plan {
  /** The revision it was made at. */
  readonly revision: number
  /** In the order in which they would be made. */
  readonly differences: readonly Difference[]
  /** What came from a file, is declared no longer, and stays. */
  readonly left: readonly string[]
}

/** `provider openai`; a setting goes by its name alone. */
export function spellSubject({ kind, name }: Pick<Difference, 'kind' | 'name'>): string {
  return kind === 'setting' ? name : `${kind} ${name}`
}

/** `key openai/main` as it is named on the command line: `key/openai/main`. */
export interface Subject {
  readonly kind: Exclude<Declarable, 'setting'>
  readonly name: string
}

/** Null for what names no object, and so may name a setting. */
export function parseSubject(text: string): Subject | null {
  const [, kind, name] = /^(provider|key|token|route|proxy)\/(.+)$/s.exec(text) ?? []
  return kind && name ? { kind: kind as Subject['kind'], name } : null
}
