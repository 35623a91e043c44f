import { describe, expect, it } from 'vitest'
import type { TestShape } from '../../../src/control/shapes/test.ts'
import type { KeyStatus } from '../../../src/model/status.ts'
import { eventually } from '../../support/daemon.ts'
import { KEYS, useDesk } from './desk.ts'

const desk = useDesk()

const list = async () => (await desk().client.call('keys.list', {})).rows
const labels = (rows: readonly KeyStatus[]) => rows.map(({ label }) => label)
const add = (text: string, more = {}) =>
  desk().client.call('keys.add', { provider: 'mock', text, ...more })

describe('keys.list', () => {
  it('has a page of what is there, by what is asked for', async () => {
    const { client } = desk()
    const all = await client.call('keys.list', {})
    expect(all).toMatchObject({ total: 3, by_state: { active: 3, disabled: 0 } })
    expect(labels(all.rows)).toEqual(['key-1', 'key-2', 'key-3'])
    const page = await client.call('keys.list', { order: 'desc', limit: 1, offset: 1 })
    expect(labels(page.rows)).toEqual(['key-2'])
    expect(page.total).toBe(3)
    expect((await client.call('keys.list', { q: 'KEY-2' })).total).toBe(1)
    expect((await client.call('keys.list', { q: 'cde' })).total).toBe(3)
    expect((await client.call('keys.list', { q: all.rows[2]?.id ?? '' })).total).toBe(1)
    expect(await client.call('keys.list', { state: 'invalid' })).toMatchObject({
      total: 0,
      by_state: { active: 3 },
      rows: [],
    })
  })

  it('refuses a provider that is not there, and what it does not know', async () => {
    const { client } = desk()
    const refused = (input: object) => expect(client.call('keys.list', input)).rejects
    await refused({ provider: 'mokc' }).toMatchObject({
      code: 'no_such',
      hint: 'Did you mean mock?',
    })
    await refused({ sort: 'secret' }).toMatchObject({ code: 'invalid_value' })
    await refused({ limit: 201 }).toMatchObject({ code: 'invalid_value' })
  })

  it('finds and sorts as the command does', async () => {
    const { client, world } = desk()
    for (const [words, input] of [
      [['--find', 'KEY-2'], { q: 'KEY-2' }],
      [['--sort', 'label', '--desc'], { sort: 'label', order: 'desc' }],
      [['--state', 'disabled'], { state: 'disabled' }],
      [
        ['mock', '--find', 'cde', '--sort', 'failures'],
        { provider: 'mock', q: 'cde', sort: 'failures' },
      ],
    ] as const) {
      const { rows } = await client.call('keys.list', input)
      expect(await world.json(['keys', 'list', ...words])).toEqual(rows)
    }
  })

  it('takes texts where they are numbers, as a query has them', async () => {
    const { rows } = await desk().client.call('keys.list', { limit: '2', offset: '1' })
    expect(labels(rows)).toEqual(['key-2', 'key-3'])
  })
})

describe('keys.add', () => {
  it('takes lines of values and labels, in force when it answers', async () => {
    const { client } = desk()
    const { revision } = await client.call('status', {})
    const answer = await add(
      '# pasted\n\nsk-paste-0123456789abcd first one\nsk-other-0123456789abcd\n',
      {
        weight: 3,
      },
    )
    expect(answer).toMatchObject({
      duplicates: 0,
      rejected: [],
      revision: revision + 1,
      error: null,
    })
    expect(answer.added).toMatchObject([
      { label: 'first one', weight: 3, masked: 'sk-…abcd', state: 'active' },
      { weight: 3 },
    ])
    expect(await add('sk-paste-0123456789abcd first one')).toMatchObject({
      added: [],
      duplicates: 1,
    })
    await client.call('keys.remove', { keys: answer.added.map(({ id }) => id) })
    expect(await list()).toHaveLength(3)
  })

  it('adds nothing where a line is rejected, and says which without its text', async () => {
    const text = `sk-good-0123456789abcdef\nsk-bad-ß0123456789\nsk-label-0123456789 ${'x'.repeat(65)}\n`
    const answer = await add(text)
    expect(answer).toMatchObject({ added: [], duplicates: 0 })
    expect(answer.rejected).toEqual([
      { line: 2, reason: 'holds characters that no HTTP header can carry' },
      { line: 3, reason: 'has a label that cannot be one' },
    ])
    expect(await list()).toHaveLength(3)
  })

  it('refuses a label that is taken by its line, and a text without a key', async () => {
    await expect(add('sk-twin-0123456789abcdef key-1')).rejects.toMatchObject({
      code: 'name_taken',
      message: expect.stringMatching(/^line 1: /),
    })
    await expect(add('# nothing')).rejects.toMatchObject({ code: 'usage' })
    await expect(
      desk().client.call('keys.add', { provider: 'nobody', text: 'sk-0123456789abcdef0' }),
    ).rejects.toMatchObject({ code: 'no_such' })
  })

  it('takes as many as 4 MiB have', async () => {
    const text = Array.from({ length: 1_000 }, (_, n) => `sk-${'m'.repeat(2_000)}-${n}`).join('\n')
    const { added } = await add(text)
    expect(added).toHaveLength(1_000)
    const ids = added.map(({ id }) => id)
    const disabled = await desk().client.call('keys.disable', { keys: ids })
    expect(new Set(disabled.keys.map(({ state }) => state))).toEqual(new Set(['disabled']))
    expect((await desk().client.call('keys.remove', { keys: ids })).removed).toHaveLength(1_000)
  })

  it('takes a reference at the control socket', async () => {
    const { added } = await add('env:NOT_SET_HERE from-env')
    expect(added).toMatchObject([{ reference: 'env:NOT_SET_HERE', state: 'invalid' }])
    await desk().client.call('keys.remove', { keys: ['from-env'] })
  })
})

describe('keys.change', () => {
  it('changes what is given and leaves the rest', async () => {
    const { client } = desk()
    const changed = await client.call('keys.change', { key: 'key-1', weight: 9, rpm: 60 })
    expect(changed).toMatchObject({ label: 'key-1', weight: 9, rpm: 60, tier: 1, error: null })
    const back = { key: 'key-1', weight: 1, rpm: null, secret: 'sk-fresh-0123456789abXY' }
    expect(await client.call('keys.change', back)).toMatchObject({
      rpm: null,
      masked: 'sk-…abXY',
    })
    await client.call('keys.change', { key: 'key-1', secret: KEYS[0] ?? '' })
  })

  it('does nothing where the store has changed since it was looked at', async () => {
    const { client } = desk()
    const { revision } = await client.call('status', {})
    const late = { key: 'key-1', weight: 7, revision: revision - 1 }
    await expect(client.call('keys.change', late)).rejects.toMatchObject({ code: 'stale_plan' })
    expect(await client.call('keys.change', { key: 'key-1', weight: 7, revision })).toMatchObject({
      weight: 7,
      revision: revision + 1,
    })
  })

  it('is told in the audit as of whoever asked', async () => {
    const { client } = desk()
    await client.call('keys.change', { key: 'key-1', weight: 5 })
    const [entry] = await client.call('audit.list', { limit: 1 })
    expect(entry).toMatchObject({
      command: 'keys.change',
      subject: 'mock/key-1',
      who: expect.stringMatching(/^\S+@\S+$/),
    })
  })
})

describe('keys.enable, keys.disable, keys.reset', () => {
  it('are in force with their answer', async () => {
    const { client, daemon, token } = desk()
    const all = { keys: ['key-1', 'key-2', 'key-3'] }
    const { keys } = await client.call('keys.disable', { ...all, now: true })
    expect(keys.map(({ state }) => state)).toEqual(['disabled', 'disabled', 'disabled'])
    expect((await daemon.ask(token)).status).toBe(503)
    const enabled = await client.call('keys.enable', all)
    expect(enabled.keys.map(({ state }) => state)).toEqual(['active', 'active', 'active'])
    expect((await daemon.ask(token)).status).toBe(200)
  })

  it('change all or none', async () => {
    const { client } = desk()
    await expect(client.call('keys.disable', { keys: ['key-1', 'key-9'] })).rejects.toMatchObject({
      code: 'no_such',
    })
    expect((await client.call('keys.list', { state: 'disabled' })).total).toBe(0)
  })

  it('bring back a key that became invalid', async () => {
    const { client, daemon, mock, token } = desk()
    mock.setScript(KEYS[1] as string, '401')
    await client.call('settings.set', { name: 'max_failures', value: '1' })
    await eventually(async () => {
      await daemon.ask(token)
      return (await client.call('keys.list', { state: 'invalid' })).total === 1
    }, 'a key becomes invalid')
    const shown = await client.call('keys.show', { key: 'key-2' })
    expect(shown).toMatchObject({ state: 'invalid', failures: 1 })
    const { keys } = await client.call('keys.reset', { keys: ['key-2'] })
    expect(keys).toMatchObject([{ label: 'key-2', state: 'active', failures: 0 }])
    mock.setScript(KEYS[1] as string, 'ok')
  })
})

describe('keys.show', () => {
  it('has what the key did', async () => {
    const { client, daemon, token } = desk()
    for (let turn = 0; turn < 3; turn++) await daemon.ask(token)
    await client.call('flush', {})
    const { usage, rate_limited_for } = await client.call('keys.show', { key: 'key-1' })
    expect(usage.h24.requests).toBeGreaterThan(0)
    expect(usage.d7).toEqual(usage.h24)
    expect(rate_limited_for).toEqual([])
    const cli = await desk().world.json(['keys', 'show', 'key-1'])
    expect(cli).toEqual(await client.call('keys.show', { key: 'key-1' }))
  })
})

describe('keys.test', () => {
  it('gives each as it is known, and learns from it', async () => {
    const { client, mock } = desk()
    mock.setScript(KEYS[2] as string, '401')
    const tests: TestShape[] = []
    for await (const test of client.rows('keys.test', { keys: ['key-1', 'key-2', 'key-3'] })) {
      tests.push(test)
    }
    expect(new Map(tests.map(({ label, result }) => [label, result]))).toEqual(
      new Map([
        ['key-1', 'works'],
        ['key-2', 'works'],
        ['key-3', 'refused'],
      ]),
    )
    const { state } = await client.call('keys.show', { key: 'key-3' })
    expect(state).toBe('invalid')
    mock.setScript(KEYS[2] as string, 'ok')
    for await (const { before, after } of client.rows('keys.test', { keys: ['key-3'] })) {
      expect([before, after]).toEqual(['invalid', 'active'])
    }
    expect((await client.call('keys.show', { key: 'key-3' })).state).toBe('active')
  })

  it('refuses a key that is not there before it asks anybody', async () => {
    const { client, mock } = desk()
    const asked = mock.requests.length
    const rows = client.rows('keys.test', { keys: ['key-1', 'nobody'] })
    await expect(rows.next()).rejects.toMatchObject({ code: 'no_such' })
    expect(mock.requests).toHaveLength(asked)
  })

  it('asks no more once its reader has left', async () => {
    const { client, mock } = desk()
    const secrets = Array.from({ length: 60 }, (_, n) => `sk-many${n}-0123456789abcdef`)
    for (const secret of secrets.slice(1)) mock.setScript(secret, 'slow:2s')
    const { added } = await add(secrets.join('\n'))
    const keys = added.map(({ id }) => id)
    const asked = mock.requests.length
    for await (const { label } of client.rows('keys.test', { keys })) {
      expect(label).toBe(added[0]?.label)
      break
    }
    await client.call('keys.remove', { keys })
    expect(mock.requests.length - asked).toBeLessThan(12)
  })
})
