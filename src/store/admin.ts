import type { Kysely } from 'kysely'
import { BalanceError } from '../base/errors.ts'
import { printable } from '../base/text.ts'
import {
  ADMIN_IDLE_MS,
  ADMIN_LIFE_MS,
  ADMIN_SEEN_MS,
  type AdminPassword,
  type AdminSession,
} from '../model/admin.ts'
import type { Actor, Store } from '../model/store.ts'
import type { Change } from './change.ts'
import type { Engine } from './dialect.ts'
import { newId } from './identifiers.ts'
import type { StoreParts } from './parts.ts'
import type { AdminSessionRow, Tables } from './tables.ts'

type AdminVerbs = Pick<
  Store,
  | 'adminPassword'
  | 'setAdminPassword'
  | 'removeAdminPassword'
  | 'openAdminSession'
  | 'adminSession'
  | 'adminSessions'
  | 'closeAdminSession'
  | 'revokeAdminSessions'
  | 'noteFailedLogins'
>

/** Who may look at the dashboard. None of it is configuration: it is audited, and makes no revision. */
export function adminVerbs({ engine, witness }: StoreParts): AdminVerbs {
  return {
    adminPassword: () => engine.query(readPassword),

    setAdminPassword: password =>
      witness(async ({ db, time, note }) => {
        const before = await readPassword(db)
        await db.deleteFrom('admin_password').execute()
        await db
          .insertInto('admin_password')
          .values({ id: 1, ...passwordRow(password), changed_at: time })
          .execute()
        const ended = await endAll(db)
        note('admin.password.set', SUBJECT, before && told(before), {
          changed: new Date(time).toISOString(),
          sessions_ended: ended,
        })
      }),

    removeAdminPassword: () =>
      witness(async ({ db, note }) => {
        const before = await readPassword(db)
        if (before === null) {
          throw new BalanceError('no_such', 'There is no admin password.', {
            hint: 'Set one: balance admin password',
          })
        }
        await db.deleteFrom('admin_password').execute()
        await endAll(db)
        note('admin.password.remove', SUBJECT, told(before), null)
      }),

    openAdminSession: ({ hash, peer, by, replaces }) => {
      const id = newId('s')
      return witness(async ({ db, note }) => {
        const now = await engine.wall(db)
        await endOver(db, now)
        if (replaces !== null) await endOne(db, 'hash', Buffer.from(replaces, 'hex'))
        const row = {
          hash: Buffer.from(hash, 'hex'),
          id,
          created_at: now,
          seen_at: now,
          expires_at: now + ADMIN_LIFE_MS,
          peer: peer.slice(0, 64),
        }
        await db.insertInto('admin_sessions').values(row).execute()
        note('admin.login', id, null, { by, peer: row.peer })
        return sessionOf(row)
      }, actorOf(id))
    },

    async adminSession(hash, active) {
      const row = await engine.query(async db => {
        const found = await db
          .selectFrom('admin_sessions')
          .selectAll()
          .where('hash', '=', Buffer.from(hash, 'hex'))
          .executeTakeFirst()
        const now = found ? await engine.wall(db) : 0
        return found && isOpen(found, now) ? { ...found, now } : null
      })
      if (row === null) return null
      const { now, ...found } = row
      // Not waited for: a store that takes no writes is read all the same.
      if (active && now - found.seen_at >= ADMIN_SEEN_MS) see(engine, found.id, now).catch(() => {})
      return sessionOf(found)
    },

    adminSessions: () => engine.query(db => readSessions(engine, db)),

    closeAdminSession: id =>
      witness(async ({ db, note }) => {
        if (await endOne(db, 'id', id)) note('admin.logout', id, null, null)
      }, actorOf(id)),

    revokeAdminSessions: (id, actor) => witness(made => revoke(engine, made, id), actor),

    noteFailedLogins: ({ wrong, limited, peers }) =>
      witness(async ({ note }) => {
        note('admin.login.failed', SUBJECT, null, { wrong, limited, peers })
      }, NOBODY),
  }
}

const SUBJECT = 'dashboard'
/** Whoever failed to log in. */
const NOBODY: Actor = { who: 'nobody', what: 'dashboard' }

function actorOf(session: string): Actor {
  return { who: `admin session ${session}`, what: 'dashboard' }
}

async function revoke(
  engine: Engine,
  { db, note }: Change,
  id: string | null,
): Promise<AdminSession[]> {
  const open = await readSessions(engine, db)
  const revoked = id === null ? open : open.filter(session => session.id === id)
  if (id !== null && revoked.length === 0) {
    throw new BalanceError('no_such', `There is no session "${printable(id, 80)}".`, {
      hint: 'See balance admin sessions list.',
    })
  }
  for (const session of revoked) {
    await endOne(db, 'id', session.id)
    note('admin.session.revoke', session.id, { peer: session.peer }, null)
  }
  return revoked
}

async function readPassword(
  db: Kysely<Tables>,
): Promise<(AdminPassword & { readonly changedAt: number }) | null> {
  const row = await db.selectFrom('admin_password').selectAll().executeTakeFirst()
  if (!row) return null
  return {
    hash: row.hash.toString('hex'),
    salt: row.salt.toString('hex'),
    cost: row.cost,
    blockSize: row.block_size,
    parallelization: row.parallelization,
    changedAt: row.changed_at,
  }
}

function passwordRow({ hash, salt, cost, blockSize, parallelization }: AdminPassword) {
  return {
    hash: Buffer.from(hash, 'hex'),
    salt: Buffer.from(salt, 'hex'),
    cost,
    block_size: blockSize,
    parallelization,
  }
}

function told({ changedAt }: { readonly changedAt: number }) {
  return { changed: new Date(changedAt).toISOString() }
}

async function readSessions(engine: Engine, db: Kysely<Tables>): Promise<AdminSession[]> {
  const now = await engine.wall(db)
  const rows = await db.selectFrom('admin_sessions').selectAll().orderBy('created_at').execute()
  return rows.filter(row => isOpen(row, now)).map(sessionOf)
}

function isOpen(row: AdminSessionRow, now: number): boolean {
  return now < row.expires_at && now < row.seen_at + ADMIN_IDLE_MS
}

async function see(engine: Engine, id: string, now: number): Promise<void> {
  await engine.write(async db => {
    await db.updateTable('admin_sessions').set({ seen_at: now }).where('id', '=', id).execute()
  })
}

async function endAll(db: Kysely<Tables>): Promise<number> {
  const { numDeletedRows } = await db.deleteFrom('admin_sessions').executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}

async function endOne(db: Kysely<Tables>, column: 'id' | 'hash', value: string | Buffer) {
  const { numDeletedRows } = await db
    .deleteFrom('admin_sessions')
    .where(column, '=', value)
    .executeTakeFirstOrThrow()
  return numDeletedRows > 0n
}

/** Those that are over; whoever comes sweeps up behind them. */
async function endOver(db: Kysely<Tables>, now: number): Promise<void> {
  await db
    .deleteFrom('admin_sessions')
    .where(row => row.or([row('expires_at', '<=', now), row('seen_at', '<=', now - ADMIN_IDLE_MS)]))
    .execute()
}

function sessionOf(row: AdminSessionRow): AdminSession {
  return {
    id: row.id,
    createdAt: row.created_at,
    seenAt: row.seen_at,
    expiresAt: row.expires_at,
    peer: row.peer,
  }
}
