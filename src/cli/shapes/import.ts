import type { ImportPlan } from '../../model/moving/belongings.ts'

/** Where an import read; null for what it did not. */
export interface ImportSources {
  readonly env: string | null
  /** `sqlite:PATH` or `mysql://user@host/database`. */
  readonly database: string | null
}

/**
 * An import's report, as `import` prints it with `--json`, before anything is written. `settings` has
 * a line for each value that was found (`outcome`: imported, default, not carried over); `changes`
 * are those it takes to have all of it here, none when it is here already. Secrets are masked.
 */
export function importShape(
  sources: ImportSources,
  { lines }: ImportPlan,
  changes: readonly string[],
) {
  return { sources, settings: lines, changes }
}

export type ImportShape = ReturnType<typeof importShape>
