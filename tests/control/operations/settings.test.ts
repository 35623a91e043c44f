import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { useDesk } from './desk.ts'

const desk = useDesk()

describe('settings', () => {
  it('are listed with their origins, as the command has them', async () => {
    const { client, world } = desk()
    const listed = await client.call('settings.list', {})
    expect(listed.find(({ name }) => name === 'default_provider')).toMatchObject({
      kind: 'setting',
      value: 'mock',
      origin: 'command',
    })
    const settings = listed.filter(({ kind }) => kind === 'setting')
    const printed = await world.json<{ kind: string }[]>(['config', 'list'])
    expect(printed.filter(({ kind }) => kind === 'setting')).toEqual(settings)
    expect(listed.some(({ kind, name }) => kind === 'start' && name === 'workers')).toBe(true)
  })

  it('are set and given back', async () => {
    const { client } = desk()
    expect(await client.call('settings.set', { name: 'idle-timeout', value: '90s' })).toMatchObject(
      {
        name: 'idle_timeout',
        value: '90s',
        origin: 'command',
        error: null,
      },
    )
    expect(await client.call('settings.unset', { name: 'idle_timeout' })).toMatchObject({
      value: '2m',
      origin: 'default',
    })
  })

  it.each([
    ['idle_timeuot', '1s', 'no_such'],
    ['idle_timeout', '1ms', 'invalid_value'],
    ['default_provider', 'nobody', 'no_such'],
    ['port', '80', 'usage'],
    ['headers', '{"x-key":"…"}', 'invalid_value'],
    ['query', '{"code":"…"}', 'invalid_value'],
  ])('%s is not set to %s', async (name, value, code) => {
    await expect(desk().client.call('settings.set', { name, value })).rejects.toMatchObject({
      code,
    })
  })

  it('show of headers no more than their names', async () => {
    const { client } = desk()
    const set = { name: 'headers', value: '{"x-key":"hidden-value"}' }
    expect(await client.call('settings.set', set)).toMatchObject({ value: '{"x-key":"…"}' })
    await client.call('settings.unset', { name: 'headers' })
  })
})

describe('audit.list', () => {
  it('has pages, newest first, of a subject', async () => {
    const { client } = desk()
    await client.call('settings.set', { name: 'max_retries', value: '4' })
    await client.call('settings.set', { name: 'max_retries', value: '5' })
    const [last] = await client.call('audit.list', { subject: 'max_retries', limit: 1 })
    expect(last).toMatchObject({ action: 'setting.set.command', before: 4, after: 5 })
    const older = await client.call('audit.list', {
      subject: 'max_retries',
      before: last?.id ?? 0,
    })
    expect(older).toMatchObject([{ before: null, after: 4 }])
    expect(await client.call('audit.list', { subject: '%' })).toEqual([])
  })
})

describe('reload', () => {
  it('takes the file, as whoever asked for it', async () => {
    const { client, world } = desk()
    writeFileSync(join(world.cwd, 'balance.config.yaml'), 'max_in_flight: 77\n')
    const { revision } = await client.call('status', {})
    await expect(client.call('reload', { revision: revision - 1 })).rejects.toMatchObject({
      code: 'stale_plan',
    })
    expect(await client.call('reload', { revision })).toMatchObject({
      taken: ['max_in_flight'],
      revision: revision + 1,
      error: null,
    })
    const [entry] = await client.call('audit.list', { limit: 1 })
    expect(entry).toMatchObject({ command: 'reload', subject: 'max_in_flight', after: 77 })
  })
})
