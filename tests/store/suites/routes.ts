import { describe, expect, it } from 'vitest'
import type { Store } from '../../../src/model/store.ts'
import type { Place } from '../place.ts'
import { DEEPSEEK, OPENAI } from './providers.ts'

const AS_ASKED = { provider: 'openai', model: null }
const MINI = { provider: 'openai', model: 'gpt-4o-mini' }
const CHAT = { provider: 'deepseek', model: 'deepseek-chat' }

export function routeSuite(place: () => Promise<Place>): void {
  async function opened(): Promise<{ store: Store; here: Place }> {
    const here = await place()
    const store = await here.open()
    await store.addProvider(OPENAI, { makeDefault: false })
    await store.addProvider(DEEPSEEK, { makeDefault: false })
    return { store, here }
  }

  describe('routes', () => {
    it('keeps the targets of each in the order of adding, and the catalogue has them', async () => {
      const { store } = await opened()
      const route = await store.addTargets('gpt-4*', [AS_ASKED, { ...CHAT, weight: 3, tier: 2 }])
      expect(route).toEqual({
        model: 'gpt-4*',
        targets: [
          {
            id: expect.stringMatching(/^r_[a-z2-7]{10}$/),
            provider: 'openai',
            model: null,
            weight: 1,
            tier: 1,
            origin: 'command',
            createdAt: expect.any(Number),
          },
          expect.objectContaining({ ...CHAT, weight: 3, tier: 2 }),
        ],
      })
      await store.addTargets('fast', [MINI])
      const longer = await store.addTargets('gpt-4*', [MINI])
      expect(longer.targets.map(target => target.model)).toEqual([null, CHAT.model, MINI.model])
      const fast = { model: 'fast', targets: [expect.objectContaining(MINI)] }
      expect(await store.routes()).toEqual([longer, fast])
      expect(await store.route('fast')).toEqual(fast)
      expect((await store.catalog()).routes).toEqual([longer, fast])
    })

    it('takes another weight or tier for a target that is there, and leaves what is not given', async () => {
      const { store } = await opened()
      const before = await store.addTargets('fast', [MINI, { ...CHAT, weight: 5, tier: 2 }])
      const after = await store.addTargets('fast', [{ ...CHAT, weight: 7 }, MINI])
      const [mini, chat] = before.targets
      expect(after.targets).toEqual([mini, { ...chat, weight: 7 }])
      expect(await store.routes()).toEqual([after])
    })

    it('makes no revision of a change that changes nothing, and one of any other', async () => {
      const { store } = await opened()
      await store.addTargets('fast', [MINI, MINI])
      const revision = await store.revision()
      expect((await store.routes())[0]?.targets).toHaveLength(1)
      await store.addTargets('fast', [MINI])
      await store.removeTargets('fast', [])
      expect(await store.revision()).toBe(revision)
      await store.addTargets('fast', [{ ...MINI, tier: 2 }, CHAT])
      expect(await store.revision()).toBe(revision + 1)
    })

    it.each(['', 'gpt 4', 'a,b', 'tab\t', 'bell\u0007', '\u202egpt', 'x'.repeat(257)])(
      'refuses %j as a model, of the route and of the target',
      async model => {
        const { store } = await opened()
        const revision = await store.revision()
        const refused = { code: 'invalid_value' }
        await expect(store.addTargets(model, [MINI])).rejects.toMatchObject(refused)
        const targets = [MINI, { ...MINI, model }]
        await expect(store.addTargets('fast', targets)).rejects.toMatchObject(refused)
        expect(await store.revision()).toBe(revision)
      },
    )

    it.each(['*', 'gpt-*', '😀', 'é'.repeat(256), 'meta/llama3:8b', '"`\\'])(
      'takes %j for a route, and for a target where it is no glob',
      async model => {
        const { store } = await opened()
        const route = await store.addTargets(model, [MINI])
        expect(await store.routes()).toEqual([route])
        const named = store.addTargets('fast', [{ ...MINI, model }])
        if (model.includes('*')) {
          await expect(named).rejects.toMatchObject({ code: 'invalid_value' })
        } else expect((await named).targets).toMatchObject([{ model }])
      },
    )

    it.each([{ weight: 0 }, { weight: 1.5 }, { weight: 1_001 }, { tier: 0 }, { tier: 101 }])(
      'refuses %j',
      async rest => {
        const { store } = await opened()
        const added = store.addTargets('fast', [CHAT, { ...MINI, ...rest }])
        await expect(added).rejects.toMatchObject({ code: 'invalid_value' })
        expect(await store.routes()).toEqual([])
      },
    )

    it('adds none of the targets where one has no provider, and no route without a target', async () => {
      const { store } = await opened()
      const added = store.addTargets('fast', [MINI, { ...CHAT, provider: 'depseek' }])
      const hint = 'Did you mean deepseek?'
      await expect(added).rejects.toMatchObject({ code: 'no_such', hint })
      await expect(store.addTargets('fast', [])).rejects.toMatchObject({ code: 'invalid_value' })
      expect(await store.routes()).toEqual([])
    })

    it('tells models apart that differ in case, accent or a wildcard', async () => {
      const { store } = await opened()
      const models = ['gpt', 'GPT', 'gpt*', 'gpt_', 'gp%', 'gpt-😀', 'gpt-😁']
      for (const model of models) await store.addTargets(model, [{ ...MINI, model: 'a' }])
      await store.addTargets('gpt', [{ ...MINI, model: 'A' }])
      expect((await store.routes()).map(({ model }) => model)).toEqual(models)
      expect((await store.removeRoute('gpt')).targets).toHaveLength(2)
      expect((await store.routes()).map(({ model }) => model)).toEqual(models.slice(1))
    })

    it('removes targets, all named or none, and the route with its last one', async () => {
      const { store } = await opened()
      const { targets } = await store.addTargets('fast', [AS_ASKED, MINI, CHAT])
      const revision = await store.revision()
      const wrong = store.removeTargets('fast', [MINI, { ...CHAT, model: 'deepsek-chat' }])
      await expect(wrong).rejects.toMatchObject({
        code: 'no_such',
        message: 'fast has no target "deepseek:deepsek-chat".',
        hint: 'Did you mean deepseek:deepseek-chat?',
      })
      expect(await store.revision()).toBe(revision)
      const left = { model: 'fast', targets: [targets[1]] }
      expect(await store.removeTargets('fast', [CHAT, AS_ASKED, CHAT])).toEqual(left)
      expect(await store.routes()).toEqual([left])
      expect(await store.removeTargets('fast', [MINI])).toBeNull()
      expect(await store.routes()).toEqual([])
    })

    it('removes a whole route and gives it back once more', async () => {
      const { store } = await opened()
      const route = await store.addTargets('fast', [MINI, CHAT])
      const kept = await store.addTargets('slow', [MINI])
      expect(await store.removeRoute('fast')).toEqual(route)
      expect(await store.routes()).toEqual([kept])
    })

    it.each(['FAST', 'fast ', 'fas', '', 0, null])('does not take %j for fast', async given => {
      const { store } = await opened()
      await store.addTargets('fast', [MINI])
      const model = given as string
      const none = { code: 'no_such' }
      await expect(store.route(model)).rejects.toMatchObject(none)
      await expect(store.removeRoute(model)).rejects.toMatchObject(none)
      await expect(store.removeTargets(model, [MINI])).rejects.toMatchObject(none)
      expect(await store.route('fasst').catch(e => e.hint)).toBe('Did you mean fast?')
      expect(await store.routes()).toHaveLength(1)
    })

    it('loses what leads to a provider together with it, in one revision and one audit row', async () => {
      const { store, here } = await opened()
      await store.addTargets('fast', [MINI, CHAT])
      await store.addTargets('gpt-4o', [AS_ASKED])
      const revision = await store.revision()
      expect(await store.removeProvider('openai')).toEqual({ keys: 0, targets: 2 })
      expect(await store.revision()).toBe(revision + 1)
      const left = { model: 'fast', targets: [expect.objectContaining(CHAT)] }
      expect(await store.routes()).toEqual([left])
      expect(await here.sql('select id from routes')).toHaveLength(1)
      const rows = await here.sql(`select before_value from audit where action = 'provider.remove'`)
      expect(JSON.parse(String(rows[0]?.before_value))).toMatchObject({
        name: 'openai',
        routes: [
          { route: 'fast', target: MINI },
          { route: 'gpt-4o', target: AS_ASKED },
        ],
      })
    })

    it('tells the audit what each route was and became', async () => {
      const { store, here } = await opened()
      await store.addTargets('fast', [MINI])
      await store.addTargets('fast', [{ ...MINI, weight: 2 }])
      await store.removeTargets('fast', [MINI])
      const rows = await here.sql(`select * from audit where subject = 'fast' order by id`)
      const seen = rows.map(({ action, before_value, after_value }) => [
        action,
        JSON.parse(String(before_value)),
        JSON.parse(String(after_value)),
      ])
      const one = [expect.objectContaining({ ...MINI, weight: 1 })]
      const two = [expect.objectContaining({ ...MINI, weight: 2 })]
      expect(seen).toEqual([
        ['route.add', null, one],
        ['route.change', one, two],
        ['route.remove', two, null],
      ])
    })

    it('takes 600 targets at once', async () => {
      const { store } = await opened()
      const many = Array.from({ length: 600 }, (_, at) => ({ ...MINI, model: `m-${at}` }))
      const route = await store.addTargets('any', many)
      expect(route.targets.map(({ model }) => model)).toEqual(many.map(({ model }) => model))
      expect(await store.removeRoute('any')).toEqual(route)
      expect(await store.routes()).toEqual([])
    })
  })
}
