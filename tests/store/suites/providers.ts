import { describe, expect, it } from 'vitest'
import type { NewProvider } from '../../../src/model/store.ts'
import type { Place } from '../place.ts'

export const OPENAI: NewProvider = {
  name: 'openai',
  kind: 'openai',
  baseUrl: 'https://api.openai.com/v1/',
  path: null,
  overrides: {},
}

export function providerSuite(place: () => Promise<Place>): void {
  describe('providers', () => {
    it('keeps what was added, base URL trimmed', async () => {
      const store = await (await place()).open()
      const added = await store.addProvider(
        { ...OPENAI, path: 'oa', overrides: { max_retries: 5, headers: { 'x-team': 'ü' } } },
        { makeDefault: false },
      )
      expect(added).toMatchObject({
        name: 'openai',
        path: 'oa',
        kind: 'openai',
        baseUrl: 'https://api.openai.com/v1',
        enabled: true,
        overrides: { max_retries: 5, headers: { 'x-team': 'ü' } },
        origin: 'command',
      })
      expect(added.id).toMatch(/^p_[a-z2-7]{10}$/)
      expect(await store.provider('openai')).toEqual(added)
      expect(await store.providers()).toEqual([added])
    })
  })
}
