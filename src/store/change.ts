import type { Kysely } from 'kysely'
import type { Clock } from '../base/clock.ts'
import { BalanceError } from '../base/errors.ts'
import type { Actor, Heads } from '../model/store.ts'
import type { Engine } from './dialect.ts'
import { cut } from './record-rows.ts'
import type { Tables } from './tables.ts'

/** One change of the store while it is made. */
export interface Change {
  readonly db: Kysely<Tables>
  /** Wall time of the change, milliseconds since the epoch. */
  readonly time: number
  /** Tells the audit what was done, without secrets. A change that notes nothing made none. */
  note(action: string, subject: string, before: unknown, after: unknown): void
}

/**
 * Makes a change: all of it, its audit rows and the new revision in one transaction.
 * @param within one that holds the write lock already; else the change has its own
 */
export type MakeChange = <T>(
  make: (change: Change) => Promise<T>,
  within?: Kysely<Tables>,
) => Promise<T>

/**
 * Tells the audit of what is no configuration: its rows are written, and no revision is made of it,
 * for which every gateway would read its catalogue again.
 * @param actor who did it, where that is not who opened the store
 */
export type Witness = <T>(tell: (change: Change) => Promise<T>, actor?: Actor) => Promise<T>

interface Note {
  readonly action: string
  readonly subject: string
  readonly before_value: string | null
  readonly after_value: string | null
}

/** @param at the revision that changes are planned for; stale_plan where the store has another one */
export function changes(engine: Engine, clock: Clock, actor: Actor, at?: number): MakeChange {
  return (make, within) => {
    const run = async (db: Kysely<Tables>) => {
      if (at !== undefined) await refuseStale(db, at)
      return audited(db, clock, actor, make, raise)
    }
    return within ? run(within) : engine.write(run)
  }
}

export function witness(engine: Engine, clock: Clock, opener: Actor): Witness {
  return (tell, actor = opener) => engine.write(db => audited(db, clock, actor, tell, readRevision))
}

/** @param number gives the revision that stands in the audit's rows */
async function audited<T>(
  db: Kysely<Tables>,
  clock: Clock,
  actor: Actor,
  make: (change: Change) => Promise<T>,
  number: (db: Kysely<Tables>) => Promise<number>,
): Promise<T> {
  const notes: Note[] = []
  const time = clock.wall()
  const note: Change['note'] = (action, subject, before, after) => {
    const values = { before_value: jsonOrNull(before), after_value: jsonOrNull(after) }
    notes.push({ action, subject: cut(subject), ...values })
  }
  const outcome = await make({ db, time, note })
  if (notes.length === 0) return outcome
  const revision = await number(db)
  const common = { revision, time, who: cut(actor.who), command: cut(actor.what) }
  for (const entry of notes) {
    await db
      .insertInto('audit')
      .values({ ...common, ...entry })
      .execute()
  }
  return outcome
}

export async function readRevision(db: Kysely<Tables>): Promise<number> {
  return (await readHeads(db)).revision
}

export function readHeads(db: Kysely<Tables>): Promise<Heads> {
  return db
    .selectFrom('revision')
    .select(['number as revision', 'learned'])
    .where('id', '=', 1)
    .executeTakeFirstOrThrow()
}

/**
 * Writes what gateways learned, under a number of its own. That is no configuration: no revision and
 * no audit.
 * @param write says whether any of it was worth knowing
 */
export function learn(
  engine: Engine,
  write: (db: Kysely<Tables>, number: number) => Promise<boolean>,
): Promise<void> {
  return engine.write(async db => {
    const number = (await readHeads(db)).learned + 1
    if (await write(db, number)) await db.updateTable('revision').set({ learned: number }).execute()
  })
}

async function refuseStale(db: Kysely<Tables>, planned: number): Promise<void> {
  const now = await readRevision(db)
  if (now === planned) return
  throw new BalanceError(
    'stale_plan',
    `This was asked for at revision ${planned}, and the store is at ${now}. Nothing was changed.`,
    { hint: 'Look at what is there now, and ask again.' },
  )
}

async function raise(db: Kysely<Tables>): Promise<number> {
  const number = (await readRevision(db)) + 1
  await db.updateTable('revision').set({ number }).where('id', '=', 1).execute()
  return number
}

function jsonOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value)
}
