import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/base/secret.ts'
import type { Place } from '../place.ts'
import { OPENAI } from './providers.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest()

export function tokenSuite(place: () => Promise<Place>): void {
  describe('tokens', () => {
    it('makes a strong one and keeps only its hash', async () => {
      const here = await place()
      const store = await here.open()
      const { token, secret } = await store.createToken({ name: 'laptop' })
      expect(secret.reveal()).toMatch(/^bal_[\w-]{43}$/)
      expect(token).toMatchObject({
        name: 'laptop',
        hash: sha256(secret.reveal()).toString('hex'),
        masked: secret.masked,
        weak: false,
        providers: null,
        models: null,
        rpm: null,
        concurrency: null,
        expiresAt: null,
      })
      expect(token.id).toMatch(/^t_[a-z2-7]{10}$/)
      expect(await store.tokens()).toEqual([token])
      expect((await store.catalog()).tokens).toEqual([token])
      const [row] = await here.sql('select hash from tokens')
      expect(row?.hash).toEqual(sha256(secret.reveal()))
    })

    it('keeps limits, and a list that is empty apart from none at all', async () => {
      const store = await (await place()).open()
      await store.addProvider(OPENAI, { makeDefault: false })
      const limits = {
        providers: ['openai'],
        models: [],
        rpm: 10,
        concurrency: 2,
        expiresAt: 4_102_444_800_000,
      }
      const { token } = await store.createToken({ name: 'ci', ...limits })
      expect(token).toMatchObject(limits)
      expect(await store.tokens()).toEqual([token])
    })

    it.each([
      ['sk-bring-your-own1', false],
      ['fifteen-letters', true],
      ['x', true],
      ['~'.repeat(256), false],
    ])('takes %j along; weak: %s', async (text, weak) => {
      const store = await (await place()).open()
      const made = await store.createToken({ name: 'old', value: new Secret(text) })
      expect(made.secret.reveal()).toBe(text)
      expect(made.token.weak).toBe(weak)
    })

    it.each(['', 'with space', 'ü', 'line\n', 'x'.repeat(257)])(
      'refuses the value %j and does not repeat it',
      async text => {
        const store = await (await place()).open()
        const error = await store
          .createToken({ name: 'old', value: new Secret(text) })
          .catch(e => e)
        expect(error).toMatchObject({ code: 'invalid_value' })
        if (text) expect(error.message).not.toContain(text)
      },
    )

    it('refuses a name or a value that is there, a provider that is not, and times past', async () => {
      const store = await (await place()).open()
      await store.createToken({ name: 'one', value: new Secret('the-same-value-1') })
      const taken = { code: 'name_taken' }
      await expect(store.createToken({ name: 'one' })).rejects.toMatchObject(taken)
      const again = store.createToken({ name: 'two', value: new Secret('the-same-value-1') })
      await expect(again).rejects.toMatchObject(taken)
      const limited = store.createToken({ name: 'three', providers: ['nobody'] })
      await expect(limited).rejects.toMatchObject({ code: 'no_such' })
      const past = store.createToken({ name: 'four', expiresAt: 1 })
      await expect(past).rejects.toMatchObject({ code: 'invalid_value' })
      expect(await store.tokens()).toHaveLength(1)
    })

    it('tells tokens apart that differ in case, accent or a trailing space', async () => {
      const store = await (await place()).open()
      for (const name of ['app', 'App', 'äpp', 'app😀', 'app😁']) await store.createToken({ name })
      for (const text of ['abcdefgh', 'ABCDEFGH', 'abcdefgH']) {
        await store.createToken({ name: text, value: new Secret(text) })
      }
      expect(await store.tokens()).toHaveLength(8)
      expect((await store.revokeToken('App')).name).toBe('App')
      for (const name of ['APP', 'app ', 0 as never, 'App']) {
        await expect(store.revokeToken(name)).rejects.toMatchObject({ code: 'no_such' })
      }
      expect(await store.tokens()).toHaveLength(7)
    })

    it('changes what is given and leaves the rest, the token itself above all', async () => {
      const here = await place()
      const store = await here.open()
      await store.addProvider(OPENAI, { makeDefault: false })
      const { token } = await store.createToken({ name: 'one', rpm: 5, models: ['gpt-*'] })
      const change = { name: 'two', providers: ['openai'], concurrency: 3, expiresAt: 4e12 }
      const changed = await store.changeToken('one', change)
      expect(changed).toEqual({ ...token, ...change })
      expect(await store.tokens()).toEqual([changed])
      const open = { providers: null, models: null, rpm: null, concurrency: null, expiresAt: null }
      expect(await store.changeToken(token.id, open)).toEqual({ ...changed, ...open })
      expect(await store.tokens()).toEqual([{ ...changed, ...open }])
      const rows = await here.sql(`select before_value from audit where action = 'token.change'`)
      expect(rows.map(row => JSON.parse(String(row.before_value)).name)).toEqual(['one', 'two'])
    })

    it('makes no revision of a change that changes nothing', async () => {
      const store = await (await place()).open()
      const { token } = await store.createToken({ name: 'one', models: ['gpt-*'] })
      const revision = await store.revision()
      const same = { name: 'one', models: ['gpt-*'], rpm: null }
      expect(await store.changeToken('one', same)).toEqual(token)
      expect(await store.changeToken('one', {})).toEqual(token)
      expect(await store.revision()).toBe(revision)
    })

    it('refuses a change to what no token could be made with, and names the nearest', async () => {
      const store = await (await place()).open()
      await store.createToken({ name: 'one' })
      const { token } = await store.createToken({ name: 'two' })
      for (const [change, code] of [
        [{ name: 'one' }, 'name_taken'],
        [{ name: ' x' }, 'invalid_value'],
        [{ rpm: 0 }, 'invalid_value'],
        [{ concurrency: 1.5 }, 'invalid_value'],
        [{ expiresAt: 1 }, 'invalid_value'],
        [{ rpm: 7, providers: ['nobody'] }, 'no_such'],
      ] as const) {
        await expect(store.changeToken('two', change)).rejects.toMatchObject({ code })
      }
      const nobody = store.changeToken('twoo', { rpm: 1 })
      await expect(nobody).rejects.toMatchObject({ code: 'no_such', hint: 'Did you mean two?' })
      expect((await store.tokens())[1]).toEqual(token)
      expect(await store.revision()).toBe(2)
    })

    it('revokes by id or name, after which the name is free', async () => {
      const store = await (await place()).open()
      const { token } = await store.createToken({ name: 'one' })
      expect(await store.revokeToken(token.id)).toEqual(token)
      expect(await store.tokens()).toEqual([])
      await store.createToken({ name: 'one' })
    })
  })
}
