import { describe, expect, it } from 'vitest'
import { useDesk } from './desk.ts'

const desk = useDesk()

describe('providers', () => {
  it('are added, of a preset by its name alone, and in force with the answer', async () => {
    const { client, world } = desk()
    const added = await client.call('providers.add', { name: 'groq', settings: { timeout: '60s' } })
    expect(added).toMatchObject({
      name: 'groq',
      base_url: 'https://api.groq.com/openai/v1',
      error: null,
    })
    expect(added.settings.find(({ name }) => name === 'timeout')).toEqual({
      name: 'timeout',
      value: '1m',
      from: 'provider',
    })
    const local = await client.call('providers.add', { name: 'ollama' })
    expect(local.keys.active).toBe(1)
    expect((await client.call('providers.list', {})).map(({ name }) => name)).toEqual([
      'mock',
      'groq',
      'ollama',
    ])
    const { revision: _, error: __, ...shape } = added
    expect(await world.json(['providers', 'show', 'groq'])).toEqual(shape)
    expect(await client.call('providers.show', { name: 'groq' })).toEqual(shape)
  })

  it('are changed, with what is null given back', async () => {
    const { client } = desk()
    const changed = await client.call('providers.change', {
      name: 'groq',
      path: 'fast',
      enabled: false,
      base_url: 'https://api.groq.example/v1/',
      settings: { timeout: null, max_retries: '2' },
    })
    expect(changed).toMatchObject({
      path: 'fast',
      enabled: false,
      base_url: 'https://api.groq.example/v1',
    })
    const own = changed.settings.filter(({ from }) => from === 'provider')
    expect(own).toEqual([{ name: 'max_retries', value: '2', from: 'provider' }])
    expect(await client.call('providers.change', { name: 'groq', path: null })).toMatchObject({
      path: null,
    })
  })

  it.each([
    [{ name: 'Groq' }, 'invalid_value'],
    [{ name: 'v1', base_url: 'https://x.example' }, 'invalid_value'],
    [{ name: 'unheard-of' }, 'usage'],
    [{ name: 'mock', base_url: 'https://x.example' }, 'name_taken'],
    [{ name: 'x', base_url: 'https://me:pw@x.example' }, 'invalid_value'],
    [{ name: 'x', base_url: 'https://x.example', settings: { colour: 'red' } }, 'no_such'],
    [{ name: 'x', base_url: 'https://x.example', settings: { timeout: '1ms' } }, 'invalid_value'],
    [{ name: 'x', base_url: 'https://x.example', path: 'a/b' }, 'invalid_value'],
  ])('are not added as %j', async (input, code) => {
    await expect(desk().client.call('providers.add', input)).rejects.toMatchObject({ code })
  })

  it('send their keys elsewhere where the host says so', async () => {
    const { client, mock } = desk()
    const move = (base_url: string) => client.call('providers.change', { name: 'mock', base_url })
    expect(await move('http://127.0.0.1:9/v1')).toMatchObject({ base_url: 'http://127.0.0.1:9/v1' })
    await move(mock.url)
  })

  it('are tested by all keys in use, and say their models', async () => {
    const { client } = desk()
    const tests = await client.call('providers.test', { name: 'mock' })
    expect(tests.map(({ label, result }) => [label, result])).toEqual([
      ['key-1', 'works'],
      ['key-2', 'works'],
      ['key-3', 'works'],
    ])
    const models = await client.call('providers.models', { name: 'mock' })
    expect(models.length).toBeGreaterThan(0)
    const settings = { models: models[0] ?? '' }
    await client.call('providers.change', { name: 'mock', settings })
    expect(await client.call('providers.models', { name: 'mock' })).toEqual([models[0]])
    await client.call('providers.change', { name: 'mock', settings: { models: null } })
    const { revision } = await client.call('status', {})
    await expect(
      client.call('providers.test', { name: 'mock', revision: revision - 1 }),
    ).rejects.toMatchObject({ code: 'stale_plan' })
    await expect(client.call('providers.test', { name: 'groq' })).rejects.toMatchObject({
      code: 'failed',
      message: 'groq has no key to test it with.',
    })
    await expect(client.call('providers.models', { name: 'nobody' })).rejects.toMatchObject({
      code: 'no_such',
    })
  })

  it('are removed with what belongs to them', async () => {
    const { client } = desk()
    expect(await client.call('providers.remove', { name: 'ollama' })).toMatchObject({
      keys: 1,
      targets: 0,
      error: null,
    })
    await expect(client.call('providers.remove', { name: 'ollama' })).rejects.toMatchObject({
      code: 'no_such',
    })
  })

  it('have presets, the same as the command prints', async () => {
    const { client, world } = desk()
    const presets = await client.call('presets.list', {})
    expect(presets).toContainEqual({
      name: 'openai',
      kind: 'openai',
      base_url: 'https://api.openai.com/v1',
      needs_key: true,
    })
    expect(await world.json(['providers', 'presets'])).toEqual(presets)
  })
})
