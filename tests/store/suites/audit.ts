import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/base/secret.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import type { Place } from '../place.ts'
import { value } from './keys.ts'
import { DEEPSEEK, OPENAI } from './providers.ts'

const target = (provider: string) => ({ provider, model: null })

export function auditSuite(place: () => Promise<Place>): void {
  describe('audit', () => {
    it('has who, what, when, before and after of each change, in the revision it made', async () => {
      const here = await place()
      const store = await here.open({
        clock: new ManualClock(1_700_000_000_000),
        actor: { who: 'ann@host', what: 'providers set openai\u0007' },
      })
      await store.addProvider(OPENAI, { makeDefault: false })
      await store.changeProvider('openai', { enabled: false })
      const rows = await here.sql('select * from audit order by id')
      expect(rows.map(row => [row.revision, row.action, row.subject])).toEqual([
        [1, 'provider.add', 'openai'],
        [1, 'setting.set.command', 'default_provider'],
        [2, 'provider.change', 'openai'],
      ])
      expect(rows[2]).toMatchObject({
        time: 1_700_000_000_000,
        who: 'ann@host',
        command: 'providers set openai\\u0007',
      })
      expect(JSON.parse(String(rows[2]?.before_value))).toMatchObject({ enabled: true })
      expect(JSON.parse(String(rows[2]?.after_value))).toMatchObject({ enabled: false })
    })

    it('raises the revision by one for each verb that changes something', async () => {
      const here = await place()
      const store = await here.open()
      const steps: (() => Promise<unknown>)[] = [
        () => store.addProvider(OPENAI, { makeDefault: true }),
        () => store.addProvider(DEEPSEEK, { makeDefault: false }),
        () => store.changeProvider('openai', { enabled: false }),
        () => store.addKeys('openai', [value('a'), value('b')]),
        async () => store.changeKey((await store.key('key-1')).id, { enabled: false }),
        async () => store.resetKeys((await store.keys()).map(({ id }) => id)),
        async () => store.removeKeys([(await store.key('key-2')).id]),
        () => store.createToken({ name: 'one' }),
        () => store.changeToken('one', { rpm: 5 }),
        () => store.revokeToken('one'),
        () => store.importKeys([{ provider: 'openai', keys: [value('c')] }]),
        () => store.addTargets('fast', [target('openai'), target('deepseek')]),
        () => store.removeTargets('fast', [target('openai')]),
        () => store.removeRoute('fast'),
        () => store.setSetting('max_retries', 1),
        () => store.unsetSetting('max_retries'),
        () => store.reconcile({ settings: { max_retries: 2 }, providers: [] }),
        () => store.removeProvider('openai'),
      ]
      for (const [index, step] of steps.entries()) {
        await step()
        expect(await store.revision()).toBe(index + 1)
      }
      const revisions = await here.sql('select distinct revision from audit order by revision')
      expect(revisions.map(row => row.revision)).toEqual(steps.map((_, index) => index + 1))
    })

    it('leaves no trace of a change that failed', async () => {
      const here = await place()
      const store = await here.open()
      await store.addProvider(OPENAI, { makeDefault: false })
      const failed = store.addKeys('openai', [value('good'), value('not good')])
      await expect(failed).rejects.toMatchObject({ code: 'invalid_value' })
      expect(await store.revision()).toBe(1)
      expect(await here.sql('select * from audit where revision > 1')).toEqual([])
    })

    it('holds no secret: no key, no token or its hash, no header value', async () => {
      const here = await place()
      const store = await here.open()
      const headers = { 'x-gateway': 'header-secret-123' }
      await store.addProvider({ ...OPENAI, overrides: { headers } }, { makeDefault: false })
      await store.changeProvider('openai', {
        overrides: { headers: { 'x-n': 'header-secret-456' } },
      })
      await store.setSetting('headers', { 'x-m': 'header-secret-789' })
      const { added } = await store.addKeys('openai', [value('sk-very-secret-000')])
      await store.changeKey(added[0]?.id ?? '', { value: new Secret('sk-very-secret-111') })
      await store.importKeys([{ provider: 'openai', keys: [value('sk-very-secret-222')] }])
      const { token, secret } = await store.createToken({ name: 'one' })
      await store.changeToken('one', { name: 'two' })
      await store.revokeToken('two')
      await store.removeProvider('openai')
      const text = JSON.stringify(await here.sql('select * from audit'))
      expect(text).toContain('x-gateway')
      for (const planted of ['header-secret', 'very-secret', secret.reveal(), token.hash]) {
        expect(text).not.toContain(planted)
      }
    })
  })
}
