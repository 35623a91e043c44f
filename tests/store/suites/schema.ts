import { describe, expect, it } from 'vitest'
import { MIGRATIONS } from '../../../src/store/migrations.ts'
import type { MakePlace } from '../place.ts'
import { OPENAI } from './providers.ts'

export function schemaSuite(place: MakePlace): void {
  describe('schema', () => {
    it('is made once, by however many open the store at the same time', async () => {
      const here = await place({ untouched: true })
      const stores = await Promise.all([here.open(), here.open()])
      await stores[0]?.addProvider(OPENAI, { makeDefault: false })
      for (const store of stores) expect(await store.revision()).toBe(1)
      const control = await here.sql(
        `select number from balance_migrations where part = 'control' order by number`,
      )
      const known = MIGRATIONS.filter(({ part }) => part === 'control')
      expect(control.map(({ number }) => number)).toEqual(known.map((_, index) => index + 1))
    })

    it('of a newer version is refused and left as it is', async () => {
      const here = await place({ untouched: true })
      await here.open()
      for (const part of ['control', 'log']) {
        const values = [part, 99, 'from the future', 1]
        const log = part === 'log'
        await here.sql('insert into balance_migrations values (?, ?, ?, ?)', values, log)
        const error = await here.open().catch(e => e)
        expect(error).toMatchObject({ code: 'store_too_new', exit: 78 })
        expect(error.hint).toContain('newer version')
        await here.sql('delete from balance_migrations where number = ?', [99], log)
      }
      await here.open()
    })

    it('of something else is refused and left as it is', async () => {
      const here = await place({ untouched: true })
      await here.sql('create table bookmarks (id integer)')
      const error = await here.open().catch(e => e)
      expect(error).toMatchObject({ code: 'store_invalid', exit: 78 })
      expect(error.message).toContain('bookmarks')
      await expect(here.sql('select * from revision')).rejects.toThrow()
    })

    it('that was begun and cut short is finished', async () => {
      const here = await place({ untouched: true })
      const store = await here.open()
      await store.addProvider(OPENAI, { makeDefault: false })
      await store.close()
      if (!here.options.url.startsWith('mysql')) return
      await here.sql(`delete from balance_migrations where part = 'log'`)
      await here.sql('drop table failures')
      const again = await here.open()
      expect(await again.failures({ limit: 1 })).toEqual([])
      expect(await again.providers()).toHaveLength(1)
    })
  })

  describe('two openings of one store', () => {
    it('see what the other has written', async () => {
      const here = await place()
      const one = await here.open()
      const two = await here.open()
      await one.addProvider(OPENAI, { makeDefault: false })
      expect(await two.revision()).toBe(1)
      await two.changeProvider('openai', { enabled: false })
      expect(await one.provider('openai')).toMatchObject({ enabled: false })
    })
  })
}
