import { BalanceError } from '../base/errors.ts'
import type { ColumnTypes } from './dialect.ts'
import { MIGRATIONS, type Part } from './migrations.ts'

/** One part of a store, as its engine lets it be brought to the newest schema. */
export interface MigrationTarget {
  readonly part: Part
  /** The file or database, for messages. */
  readonly place: string
  readonly types: ColumnTypes
  tables(): Promise<string[]>
  /** The highest number that `balance_migrations` has for this part; 0 for none. */
  newest(): Promise<number>
  /** Runs while no other process migrates; gives up after 30 s with store_unavailable. */
  locked(run: (step: MigrationStep) => Promise<void>): Promise<void>
}

export interface MigrationStep {
  /** Tolerates what a run that was cut short had made already. */
  execute(statement: string): Promise<void>
  record(number: number, name: string): Promise<void>
}

/**
 * Brings one part of a store to the newest schema.
 * @throws BalanceError store_too_new; store_invalid for a database of something else.
 */
export async function migrate(target: MigrationTarget): Promise<void> {
  if (await isCurrent(target)) return
  await target.locked(async step => {
    await step.execute(bookkeeping(target.types))
    // Asked again under the lock: another process may have been first.
    const applied = await target.newest()
    for (const [index, migration] of known(target).entries()) {
      if (index < applied) continue
      for (const statement of migration.statements(target.types)) await step.execute(statement)
      await step.record(index + 1, migration.name)
    }
  })
}

/** Whether there is nothing to migrate; looks only, and throws as {@link migrate} does. */
export async function isCurrent(target: MigrationTarget): Promise<boolean> {
  const tables = await target.tables()
  if (!tables.includes('balance_migrations')) {
    if (tables[0] === undefined) return false
    throw new BalanceError(
      'store_invalid',
      `${target.place} is a database of something else: it has a table "${tables[0]}".`,
      { hint: 'Name another file or database with --store.' },
    )
  }
  const applied = await target.newest()
  const newest = known(target).length
  if (applied <= newest) return applied === newest
  throw new BalanceError(
    'store_too_new',
    `${target.place} was written by a newer version (schema ${applied}; this one knows ${newest}).`,
    { hint: 'Install the newer version, or name another store with --store.' },
  )
}

function known(target: MigrationTarget) {
  return MIGRATIONS.filter(({ part }) => part === target.part)
}

function bookkeeping({ text, integer, table }: ColumnTypes): string {
  return `create table if not exists balance_migrations (
    part ${text(16)} not null,
    number ${integer} not null,
    name ${text(64)} not null,
    applied_at ${integer} not null,
    primary key (part, number)
  ) ${table}`
}
