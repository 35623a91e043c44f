import { describe, expect, it } from 'vitest'
import type { OperationParts } from '../../../src/daemon/operations/parts.ts'
import { proxyOperations } from '../../../src/daemon/operations/proxies.ts'
import { useDesk } from './desk.ts'

const desk = useDesk()
const PASSWORD = 'planted-Proxy-passw0rd'

describe('proxies', () => {
  it('are added with a password that is shown nowhere, changed, tested and removed', async () => {
    const { client, world } = desk()
    const added = await client.call('proxies.add', {
      name: 'eu',
      url: `http://me:${PASSWORD}@127.0.0.1:1`,
    })
    expect(added).toMatchObject({ name: 'eu', url: 'http://me:…@127.0.0.1:1', state: 'active' })
    const listed = await client.call('proxies.list', {})
    expect(await world.json(['proxies', 'list'])).toEqual(listed)
    const { rows } = await client.call('keys.list', {})
    expect(await world.json(['keys', 'list'])).toEqual(rows)
    const shown = await client.call('keys.show', { key: 'key-1' })
    expect(await world.json(['keys', 'show', 'key-1'])).toEqual(shown)
    expect([rows[0]?.via, shown.via]).toEqual(['none', 'none'])
    const tests = []
    for await (const test of client.rows('proxies.test', { proxies: ['eu'] })) tests.push(test)
    expect(tests).toMatchObject([{ proxy: added.id, ok: false, code: 'proxy_ECONNREFUSED' }])
    const changed = await client.call('proxies.change', {
      proxy: 'eu',
      url: 'socks5://me@127.0.0.1:2',
      password: null,
      enabled: false,
    })
    expect(changed).toMatchObject({ url: 'socks5://me@127.0.0.1:2', state: 'disabled' })
    const audit = await client.call('audit.list', { limit: 10 })
    expect(JSON.stringify([added, listed, tests, changed, audit])).not.toContain(PASSWORD)
    await client.call('settings.set', { name: 'proxy', value: 'eu' })
    await expect(client.call('proxies.remove', { proxy: 'eu' })).rejects.toMatchObject({
      code: 'in_use',
      message: 'Proxy "eu" is named by the setting proxy. Nothing was removed.',
    })
    await client.call('settings.unset', { name: 'proxy' })
    expect(await client.call('proxies.remove', { proxy: added.id })).toMatchObject({ name: 'eu' })
    expect(await client.call('proxies.list', {})).toEqual([])
  })

  it.each([
    ['proxies.add', { name: 'all', url: 'http://x.lan' }, 'invalid_value'],
    ['proxies.add', { name: 'x', url: 'x.lan' }, 'invalid_value'],
    ['proxies.change', { proxy: 'nobody', enabled: true }, 'no_such'],
    ['proxies.remove', { proxy: 'nobody' }, 'no_such'],
  ] as const)('%s %j is refused', async (name, input, code) => {
    await expect(desk().client.call(name, input as never)).rejects.toMatchObject({ code })
  })

  it('take a reference for a password from the host alone', async () => {
    const operations = proxyOperations({ live: {} } as unknown as OperationParts)
    const input = { name: 'x', url: 'http://me@x.lan', password: 'env:HOME' }
    const caller = { who: 'browser', session: 's_x', signal: new AbortController().signal }
    await expect(operations['proxies.add'](input, caller)).rejects.toMatchObject({
      code: 'not_permitted',
    })
  })
})
