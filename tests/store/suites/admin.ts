import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import {
  ADMIN_IDLE_MS,
  ADMIN_LIFE_MS,
  ADMIN_SEEN_MS,
  type AdminPassword,
  type NewAdminSession,
} from '../../../src/model/admin.ts'
import type { Store } from '../../../src/model/store.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import type { Place } from '../place.ts'

const PASSWORD: AdminPassword = {
  hash: 'ab'.repeat(32),
  salt: 'cd'.repeat(16),
  cost: 2 ** 17,
  blockSize: 8,
  parallelization: 1,
}

const sha256 = (value: string) => createHash('sha256').update(value).digest('hex')

function cookie(change: Partial<NewAdminSession> = {}): NewAdminSession {
  const hash = sha256(randomBytes(8).toString('hex'))
  return { hash, peer: '127.0.0.1', by: 'password', replaces: null, ...change }
}

const actions = async (store: Store) =>
  (await store.audit({ limit: 20 })).map(({ action }) => action).reverse()

export function adminSuite(place: () => Promise<Place>): void {
  describe('the admin password', () => {
    it('is none until one is set, and what was set last', async () => {
      const here = await place()
      const store = await here.open()
      expect(await store.adminPassword()).toBeNull()
      await store.setAdminPassword(PASSWORD)
      const other = { ...PASSWORD, salt: 'ef'.repeat(16) }
      await store.setAdminPassword(other)
      const kept = await (await here.open()).adminPassword()
      expect(kept).toEqual({ ...other, changedAt: expect.any(Number) })
      const [row] = await here.sql('select hash, salt from admin_password')
      expect(row).toEqual({ hash: Buffer.alloc(32, 0xab), salt: Buffer.alloc(16, 0xef) })
    })

    it('ends every session when it is set or removed', async () => {
      const store = await (await place()).open()
      for (const change of [
        () => store.setAdminPassword(PASSWORD),
        () => store.removeAdminPassword(),
      ]) {
        const given = cookie()
        await store.openAdminSession(given)
        await change()
        expect(await store.adminSession(given.hash, false)).toBeNull()
      }
      expect(await store.adminPassword()).toBeNull()
      await expect(store.removeAdminPassword()).rejects.toMatchObject({ code: 'no_such' })
    })

    it('is told to the audit without itself, and makes no revision', async () => {
      const store = await (await place()).open()
      await store.setAdminPassword(PASSWORD)
      await store.removeAdminPassword()
      expect(await store.revision()).toBe(0)
      const entries = await store.audit({ limit: 9 })
      expect(entries.map(({ action, who, revision }) => [action, who, revision])).toEqual([
        ['admin.password.remove', 'tester@host', 0],
        ['admin.password.set', 'tester@host', 0],
      ])
      expect(JSON.stringify(entries)).not.toMatch(/abab|cdcd/)
    })

    it('goes with a backup; who is logged in does not', async () => {
      const here = await place()
      const store = await here.open()
      await store.setAdminPassword(PASSWORD)
      const before = cookie()
      await store.openAdminSession(before)
      const file = join(here.folder, 'backup')
      await store.backup(file, { logs: false, version: '1' })
      await store.setAdminPassword({ ...PASSWORD, salt: '00'.repeat(16) })
      const after = cookie()
      await store.openAdminSession(after)
      await store.restore(file)
      expect(await store.adminPassword()).toMatchObject(PASSWORD)
      expect(await store.adminSessions()).toEqual([])
      for (const { hash } of [before, after])
        expect(await store.adminSession(hash, false)).toBeNull()
    })
  })

  describe('sessions of the dashboard', () => {
    it('are found by the hash of their cookie, which is all that is kept', async () => {
      const here = await place()
      const store = await here.open()
      const given = cookie({ hash: sha256('the cookie'), peer: '::1' })
      const session = await store.openAdminSession(given)
      expect(session).toMatchObject({ id: expect.stringMatching(/^s_[a-z2-7]{10}$/), peer: '::1' })
      expect(session.expiresAt - session.createdAt).toBe(ADMIN_LIFE_MS)
      expect(await store.adminSession(given.hash, true)).toEqual(session)
      expect(await store.adminSession(sha256('another'), true)).toBeNull()
      expect(await store.adminSessions()).toEqual([session])
      const rows = await here.sql('select * from admin_sessions')
      expect(rows).toHaveLength(1)
      expect(rows[0]?.hash).toEqual(createHash('sha256').update('the cookie').digest())
    })

    it('give up the one whose cookie came with the login', async () => {
      const store = await (await place()).open()
      const old = cookie()
      await store.openAdminSession(old)
      const fresh = await store.openAdminSession(cookie({ replaces: old.hash }))
      expect(await store.adminSession(old.hash, false)).toBeNull()
      expect(await store.adminSessions()).toEqual([fresh])
    })

    it('are ended by themselves, one by one, or all', async () => {
      const store = await (await place()).open()
      const [one, two, three] = [cookie(), cookie(), cookie()]
      const first = await store.openAdminSession(one)
      const second = await store.openAdminSession(two)
      await store.openAdminSession(three)
      await store.closeAdminSession(first.id)
      await store.closeAdminSession(first.id)
      expect(await store.revokeAdminSessions(second.id)).toEqual([second])
      await expect(store.revokeAdminSessions(second.id)).rejects.toMatchObject({ code: 'no_such' })
      expect(await store.adminSessions()).toHaveLength(1)
      expect(await store.revokeAdminSessions(null)).toHaveLength(1)
      expect(await store.revokeAdminSessions(null)).toEqual([])
      for (const { hash } of [one, two, three])
        expect(await store.adminSession(hash, true)).toBeNull()
    })

    it('are told to the audit, with who and where from; failed logins too', async () => {
      const store = await (await place()).open()
      const session = await store.openAdminSession(cookie({ peer: '10.0.0.7' }))
      const other = await store.openAdminSession(cookie({ by: 'link' }))
      await store.closeAdminSession(session.id)
      await store.revokeAdminSessions(other.id)
      await store.noteFailedLogins({ wrong: 3, limited: 17, peers: ['10.0.0.7'] })
      expect(await actions(store)).toEqual([
        ...['admin.login', 'admin.login', 'admin.logout'],
        ...['admin.session.revoke', 'admin.login.failed'],
      ])
      const [failed, revoked, , , login] = await store.audit({ limit: 9 })
      expect(failed).toMatchObject({ who: 'nobody', after: { wrong: 3, limited: 17 } })
      expect(revoked).toMatchObject({ who: 'tester@host', subject: other.id })
      expect(login).toMatchObject({
        who: `admin session ${session.id}`,
        subject: session.id,
        after: { by: 'password', peer: '10.0.0.7' },
      })
      expect(await store.audit({ limit: 9, subject: session.id })).toHaveLength(2)
    })
  })
}

/** What time does to sessions; on SQLite alone, where the store goes by a clock that can be set. */
export function adminTimeSuite(place: () => Promise<Place>): void {
  async function begun() {
    const clock = new ManualClock()
    const store = await (await place()).open({ clock })
    const given = cookie()
    const { id } = await store.openAdminSession(given)
    const ask = (active = true) => store.adminSession(given.hash, active)
    /** Once the store has it that it was seen now. */
    const seen = () =>
      vi.waitFor(async () =>
        expect((await store.adminSessions())[0]).toMatchObject({ id, seenAt: clock.wall() }),
      )
    return { clock, store, ask, seen }
  }

  describe('a session of the dashboard', () => {
    it('ends when nothing was asked for half an hour', async () => {
      const { clock, store, ask } = await begun()
      clock.advance(ADMIN_IDLE_MS - 1)
      expect(await ask(false)).not.toBeNull()
      clock.advance(1)
      expect(await ask(false)).toBeNull()
      expect(await store.adminSessions()).toEqual([])
      await expect(store.revokeAdminSessions(null)).resolves.toEqual([])
    })

    it('goes on while it is used, and is swept up when it is over', async () => {
      const { clock, store, ask, seen } = await begun()
      for (let minutes = 0; minutes < 60; minutes += 20) {
        clock.advance(20 * 60_000)
        expect(await ask()).not.toBeNull()
        await seen()
      }
      // Watching is not using.
      clock.advance(ADMIN_IDLE_MS - 1)
      expect(await ask(false)).not.toBeNull()
      clock.advance(1)
      expect(await ask()).toBeNull()
      const fresh = await store.openAdminSession(cookie())
      expect(await store.adminSessions()).toEqual([fresh])
    })

    it('is not written for each request', async () => {
      const { clock, store, ask } = await begun()
      const began = clock.wall()
      clock.advance(ADMIN_SEEN_MS - 1)
      await ask()
      await store.adminSessions()
      expect((await store.adminSessions())[0]?.seenAt).toBe(began)
    })

    it('ends after twelve hours, however much it is used', async () => {
      const { clock, ask, seen } = await begun()
      for (let passed = 0; passed < ADMIN_LIFE_MS - 20 * 60_000; passed += 20 * 60_000) {
        clock.advance(20 * 60_000)
        expect(await ask()).not.toBeNull()
        await seen()
      }
      clock.advance(20 * 60_000)
      expect(await ask()).toBeNull()
    })
  })
}
