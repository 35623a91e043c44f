import { describe, expect, it } from 'vitest'
import { chat } from '../../support/gateway.ts'
import { useDesk } from './desk.ts'

const desk = useDesk()

describe('routes', () => {
  it('lead from their answer on where they were led', async () => {
    const { client, daemon, token, world } = desk()
    const added = await client.call('routes.add', {
      model: 'fast',
      to: [{ provider: 'mock', model: 'mock-small', weight: 2 }, { provider: 'mock' }],
    })
    expect(added.targets).toMatchObject([
      { model: 'fast', provider: 'mock', target_model: 'mock-small', weight: 2, tier: 1 },
      { model: 'fast', provider: 'mock', target_model: null, weight: 1, tier: 1 },
    ])
    const listed = await client.call('routes.list', {})
    expect(listed).toEqual(added.targets)
    expect(await world.json(['routes', 'list'])).toEqual(listed)
    expect((await daemon.ask(token, { body: chat({ model: 'fast' }) })).status).toBe(200)
    const told = await client.call('explain', { model: 'fast' })
    expect(told).toMatchObject({ route: 'fast', token: null, path: '/v1/chat/completions' })
  })

  it('lose some of their targets, or all', async () => {
    const { client } = desk()
    const some = { model: 'fast', to: [{ provider: 'mock' }] }
    expect(await client.call('routes.remove', some)).toMatchObject({ targets: 1, left: 1 })
    await expect(client.call('routes.remove', some)).rejects.toMatchObject({ code: 'no_such' })
    expect(await client.call('routes.remove', { model: 'fast' })).toMatchObject({
      removed: 'fast',
      targets: 1,
      left: 0,
    })
    await expect(client.call('routes.remove', { model: 'fast' })).rejects.toMatchObject({
      code: 'no_such',
    })
  })

  it.each([
    [{ model: 'a b', to: [{ provider: 'mock' }] }, 'invalid_value'],
    [{ model: 'x', to: [] }, 'invalid_value'],
    [{ model: 'x', to: [{ provider: 'nobody' }] }, 'no_such'],
    [{ model: 'x', to: [{ provider: 'mock', model: 'gpt-*' }] }, 'invalid_value'],
    [{ model: 'x', to: [{ provider: 'mock', weight: 0 }] }, 'invalid_value'],
  ])('are not added as %j', async (input, code) => {
    await expect(desk().client.call('routes.add', input)).rejects.toMatchObject({ code })
  })
})
