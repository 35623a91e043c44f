import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/base/secret.ts'
import type { Declared } from '../../../src/model/declared.ts'
import type { Store } from '../../../src/model/store.ts'
import { VERBS } from '../../../src/store/vitals.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import type { Place } from '../place.ts'
import { value } from './keys.ts'
import { DEEPSEEK, OPENAI } from './providers.ts'

/**
 * Verbs that change nothing an operator decides: they read, learn, log, or tell of nodes. Those of the
 * dashboard's door are audited and make no revision, see admin.ts.
 */
const OTHERS =
  /^(revision|heads|catalog|providers?|outages|keys?|memories|tokens|routes?|proxies|removableProxy|settings|plan|held|audit|remember|rememberOutages|learnedSince|record|records|recordOf|failures|stats|keyUsage|traffic|faults|prune|announce|nodes|depart|takeLease|secrets|backup|readBackup|importLog|importedHeads)$|Admin|Objects$|^adminPassword$|^adminSessions?$|^noteFailedLogins$/

const FILE: Declared = {
  settings: {},
  providers: [],
  tokens: [{ name: 'ci', value: { hash: 'ab'.repeat(32), weak: false } }],
}

/** The store, which notes the verbs that it is asked for. */
function noting(store: Store, called: Set<string>): Store {
  return new Proxy(store, {
    get(target, verb: keyof Store) {
      called.add(verb)
      return target[verb]
    },
  })
}

const AUTO = { makeDefault: false }

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

    it('is written, and the revision raised by one, by each verb that changes something', async () => {
      const here = await place()
      const called = new Set<string>()
      const store = noting(await here.open(), called)
      const steps: (() => Promise<unknown>)[] = [
        () => store.addProvider(OPENAI, { makeDefault: true }),
        () => store.addProvider(DEEPSEEK, { makeDefault: false }),
        () => store.changeProvider('openai', { enabled: false }),
        () => store.addKeys('openai', [value('a'), value('b')]),
        async () => store.changeKey((await store.key('key-1')).id, { enabled: false }),
        async () => store.changeKeys([(await store.key('key-1')).id], { enabled: true }),
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
        () => store.setSetting('max_retries', 1),
        () => store.apply(FILE, { prune: true, revision: 19 }),
        () => store.changeToken('ci', { rpm: 1 }),
        () => store.giveBack(FILE, { kind: 'token', name: 'ci' }),
        () => store.removeProvider('openai'),
        () => store.addProvider(OPENAI, { makeDefault: true }),
        () => store.addKeys('openai', [value('d')]),
        () => store.rotateMasterKey(),
        () => store.addProxies([{ name: 'eu', url: 'http://proxy.lan:1', password: null }]),
        () => store.changeProxy('eu', { enabled: false }),
        () => store.removeProxy('eu'),
        () => store.moveIn({ providers: [], tokens: [], settings: { max_retries: 7 } }),
        async () => {
          const file = join(here.folder, 'all.backup')
          await store.backup(file, { logs: false, version: '0.0.0' })
          await store.restore(file)
        },
      ]
      for (const [index, step] of steps.entries()) {
        await step()
        expect(await store.revision()).toBe(index + 1)
        const rows = await here.sql('select * from audit where revision = ?', [index + 1])
        expect(rows.length, String(step)).toBeGreaterThan(0)
      }
      expect(VERBS.filter(verb => !OTHERS.test(verb) && !called.has(verb))).toEqual([])
      const revisions = await here.sql('select distinct revision from audit order by revision')
      expect(revisions.map(row => row.revision)).toEqual(steps.map((_, index) => index + 1))
    })

    it('is made as somebody else, and only at the revision that was seen', async () => {
      const store = await (await place()).open({ actor: { who: 'ann@host', what: 'serve' } })
      const guest = { who: 'admin session ab12cd', what: 'settings.set' }
      await store.as(guest).setSetting('max_retries', 5)
      await store.as(guest, 1).setSetting('max_retries', 6)
      const late = store.as(guest, 1)
      await expect(late.setSetting('max_retries', 7)).rejects.toMatchObject({ code: 'stale_plan' })
      await expect(late.addProvider(OPENAI, AUTO)).rejects.toMatchObject({ code: 'stale_plan' })
      await store.setSetting('max_retries', 8)
      const audit = await store.audit({ limit: 9 })
      expect(audit.map(({ who, command, after }) => [who, command, after])).toEqual([
        ['ann@host', 'serve', 8],
        ['admin session ab12cd', 'settings.set', 6],
        ['admin session ab12cd', 'settings.set', 5],
      ])
      const [, last] = audit
      expect(await store.audit({ limit: 9, before: last?.id ?? 0 })).toEqual(audit.slice(2))
      expect(await store.providers()).toEqual([])
    })

    it('is read newest first, whole or of one subject and what belongs to it', async () => {
      const here = await place()
      const clock = new ManualClock(1_700_000_000_000)
      const store = await here.open({ clock, actor: { who: 'ann@host', what: 'test' } })
      await store.addProvider(OPENAI, { makeDefault: false })
      await store.addProvider({ ...OPENAI, name: 'openai2' }, { makeDefault: false })
      await store.addKeys('openai', [value('sk-very-secret-000')])
      await store.changeKey((await store.key('key-1')).id, { weight: 2 })
      await store.setSetting('max_retries', 5)
      const all = await store.audit({ limit: 100 })
      expect(all.map(({ action }) => action)).toEqual([
        'setting.set.command',
        'key.change',
        'keys.add',
        'master_key.adopt',
        'provider.add',
        'setting.set.command',
        'provider.add',
      ])
      expect(all[0]).toMatchObject({
        time: 1_700_000_000_000,
        revision: 5,
        who: 'ann@host',
        command: 'test',
        subject: 'max_retries',
        before: null,
        after: 5,
      })
      expect(await store.audit({ limit: 2 })).toEqual(all.slice(0, 2))
      const openai = await store.audit({ limit: 100, subject: 'openai' })
      expect(openai.map(({ subject }) => subject)).toEqual(['openai/key-1', 'openai', 'openai'])
      expect(openai[0]).toMatchObject({ before: { weight: 1 }, after: { weight: 2 } })
    })

    it('is found by whatever a thing is named, alone or changed with others', async () => {
      const store = await (await place()).open()
      const found = async (subject: string) =>
        (await store.audit({ limit: 100, subject }))
          .map(entry => `${entry.action} ${entry.subject}`)
          .reverse()
      for (const provider of [OPENAI, DEEPSEEK]) {
        await store.addProvider(provider, { makeDefault: false })
        const labels = ['main', 'ma', 'it\'s "b/c" é_%'].map(label => ({ label }))
        await store.addKeys(
          provider.name,
          labels.map((given, index) => ({ ...value(`sk-${provider.name}-${index}`), ...given })),
        )
      }
      const ids = (await store.keys('openai')).map(({ id }) => id) as [string, string, string]
      await store.resetKeys((await store.keys()).map(({ id }) => id))
      await store.changeKey(ids[1], { label: 'other' })
      await store.removeKeys(ids.slice(0, 2))
      await store.createToken({ name: 'main' })
      await store.changeToken('main', { name: 'laptop' })
      await store.addTargets('openai/main', [target('openai')])
      await store.addTargets('ma', [target('deepseek')])
      await store.removeProvider('openai')

      const openai = ['keys.add openai', 'keys.reset openai']
      const deepseek = ['keys.add deepseek', 'keys.reset deepseek']
      const both = [openai[0], deepseek[0], openai[1], deepseek[1]]
      const gone = 'keys.remove openai'
      expect(await found('key/main')).toEqual([...both, gone])
      expect(await found('main')).toEqual([
        ...[...both, gone],
        ...['token.create main', 'token.change main'],
      ])
      expect(await found('key/openai/main')).toEqual([...openai, gone])
      expect(await found('key/ma')).toEqual([...both, 'key.change openai/ma'])
      expect(await found('other')).toEqual(['key.change openai/ma', gone])
      expect(await found(ids[1])).toEqual([...openai, 'key.change openai/ma', gone])
      const strange = 'it\'s "b/c" é_%'
      expect(await found(strange)).toEqual([...both, 'provider.remove openai'])
      expect(await found(`deepseek/${strange}`)).toEqual(deepseek)
      expect(await found('provider/openai')).toEqual([
        ...['provider.add openai', ...openai, 'key.change openai/ma', gone],
        'provider.remove openai',
      ])
      expect(await found('openai')).toEqual(await found('provider/openai'))
      expect(await found('token/laptop')).toEqual(['token.change main'])
      expect(await found('route/openai/main')).toEqual([
        'route.add openai/main',
        'provider.remove openai',
      ])
      expect(await found('route/ma')).toEqual(['route.add ma'])
      expect(await found('key/openai')).toEqual([])
      expect(await found('mai')).toEqual([])
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
