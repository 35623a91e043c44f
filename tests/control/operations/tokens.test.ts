import { describe, expect, it } from 'vitest'
import { useDesk } from './desk.ts'

const desk = useDesk()

describe('tokens', () => {
  it('are shown once, and serve from then on', async () => {
    const { client, daemon } = desk()
    const { token, ...shape } = await client.call('tokens.create', { name: 'laptop', rpm: 60 })
    expect(shape).toMatchObject({ name: 'laptop', rpm: 60, state: 'active', error: null })
    expect((await daemon.ask(token)).status).toBe(200)
    const listed = await client.call('tokens.list', {})
    expect(listed.map(({ name }) => name)).toEqual(['test', 'laptop'])
    expect(JSON.stringify(listed)).not.toContain(token)
    expect(await desk().world.json(['tokens', 'list'])).toEqual(listed)
  })

  it('are changed by id or name', async () => {
    const { client } = desk()
    const changed = await client.call('tokens.change', {
      token: 'laptop',
      name: 'desk',
      models: ['gpt-*'],
      rpm: null,
      expires: '30d',
    })
    expect(changed).toMatchObject({ name: 'desk', models: ['gpt-*'], rpm: null })
    expect(changed.expires).toMatch(/^\d{4}-/)
    const back = await client.call('tokens.change', {
      token: changed.id,
      models: null,
      expires: null,
    })
    expect(back).toMatchObject({ name: 'desk', models: null, expires: null })
  })

  it.each([
    ['tokens.create', { name: 'desk' }, 'name_taken'],
    ['tokens.create', { name: '' }, 'invalid_value'],
    ['tokens.create', { name: 'x', expires: '2020-01-01' }, 'invalid_value'],
    ['tokens.create', { name: 'x', providers: ['nobody'] }, 'no_such'],
    ['tokens.create', { name: 'x', rpm: 0 }, 'invalid_value'],
    ['tokens.change', { token: 'nobody', rpm: 1 }, 'no_such'],
    ['tokens.revoke', { token: 'nobody' }, 'no_such'],
  ] as const)('%s %j is refused', async (name, input, code) => {
    await expect(desk().client.call(name, input as never)).rejects.toMatchObject({ code })
  })

  it('end at once', async () => {
    const { client, daemon } = desk()
    const { token, id } = await client.call('tokens.create', { name: 'short' })
    expect(await client.call('tokens.revoke', { token: 'short' })).toMatchObject({
      revoked: id,
      name: 'short',
    })
    expect((await daemon.ask(token)).status).toBe(401)
  })
})
