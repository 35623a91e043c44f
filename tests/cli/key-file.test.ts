import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BalanceError } from '../../src/base/errors.ts'
import { parseKeyFile } from '../../src/cli/key-file.ts'

async function read(text: string, source = 'keys.csv', provider?: string) {
  const keys = await parseKeyFile(text, source, provider)
  return keys.map(({ provider, key: { value, ...rest } }) => ({
    provider,
    value: value.reveal(),
    ...rest,
  }))
}

async function refused(text: string, source = 'keys.csv', provider?: string) {
  const error: BalanceError = await read(text, source, provider).then(
    () => Promise.reject(new Error('It was taken.')),
    error => error,
  )
  return { code: error.code, message: error.message, hint: error.hint, all: JSON.stringify(error) }
}

describe('a file with one key a line', () => {
  it('is read with the place of each, blank lines and comments left out', async () => {
    const text = '\uFEFF# provider, key\n\n sk-one \r\n"sk-two"\renv:KEY'
    expect(await read(text, 'keys.txt', 'openai')).toEqual([
      { provider: 'openai', value: 'sk-one', place: 'keys.txt:3' },
      { provider: 'openai', value: 'sk-two', place: 'keys.txt:4' },
      { provider: 'openai', value: 'env:KEY', place: 'keys.txt:5' },
    ])
  })

  it('needs to be told whose they are', async () => {
    const error = await refused('sk-one\n', 'stdin')
    expect(error).toMatchObject({ code: 'usage', message: 'stdin does not say whose keys it has.' })
    expect(error.hint).toContain('--provider NAME')
  })

  it.each(['sk-good\nsk-secret,main', 'sk-good\nmain;sk-secret'])(
    'is none where lines have several fields: %j',
    async text => {
      const error = await refused(text, 'stdin', 'openai')
      expect(error.message).toBe('stdin:2: This line looks like several fields.')
      expect(error.hint).toContain('names its columns')
      expect(error.all).not.toContain('secret')
    },
  )

  it('is wrong where it is empty', async () => {
    expect(await refused('# nothing\n', 'keys.txt', 'openai')).toMatchObject({ code: 'usage' })
  })
})

describe('a CSV file', () => {
  it('has its columns in any order, and only those that it needs', async () => {
    const text = 'Weight, KEY ,label,rpm,concurrency,provider,tier\n2,sk-1,a,60,none,openai,3\n'
    expect(await read(text)).toEqual([
      {
        provider: 'openai',
        value: 'sk-1',
        place: 'keys.csv:2',
        label: 'a',
        weight: 2,
        tier: 3,
        rpm: 60,
        concurrency: null,
      },
    ])
    expect(await read('key\nsk-1\n', 'KEYS.CSV', 'openai')).toEqual([
      { provider: 'openai', value: 'sk-1', place: 'KEYS.CSV:2' },
    ])
  })

  it('is known by its first row where its name does not say so', async () => {
    const [key] = await read('\n\n"label","key"\nmain,sk-1', 'stdin', 'openai')
    expect(key).toEqual({ provider: 'openai', value: 'sk-1', label: 'main', place: 'stdin:4' })
  })

  it('may have a byte order mark, empty rows, and line ends of every kind', async () => {
    const text = '\uFEFFprovider,key\r\n\r\nopenai,a\n ,\t\n"openai", "b,""c" \ropenai,d'
    expect(await read(text)).toEqual([
      { provider: 'openai', value: 'a', place: 'keys.csv:3' },
      { provider: 'openai', value: 'b,"c', place: 'keys.csv:5' },
      { provider: 'openai', value: 'd', place: 'keys.csv:6' },
    ])
  })

  it('leaves what is no count to the store, which refuses it', async () => {
    const text = 'key,weight,tier,rpm\nsk-1,many,none,-1\n'
    const [key] = await read(text, 'keys.csv', 'openai')
    expect(key).toMatchObject({ weight: Number.NaN, tier: null, rpm: Number.NaN })
  })

  it.each([
    ['provider,label\nopenai,sk-secret\n', 'keys.csv:1: No column is named key.'],
    ['openai,sk-secret\n', 'keys.csv:1: No column is named key.'],
    ['provider;key\nopenai;sk-secret\n', 'keys.csv:1: No column is named key.'],
    ['key\nsk-secret\n', 'keys.csv:1: No column is named provider.'],
    ['provider,key,wieght\nopenai,sk-secret,1\n', 'keys.csv:1: There is no column "wieght".'],
    ['provider,key,\nopenai,sk-secret,1\n', 'keys.csv:1: There is no column "".'],
    ['provider,key,Key\nopenai,sk-secret,a\n', 'keys.csv:1: Two columns are named key.'],
    ['provider,key\nopenai,a\n,sk-secret\n', 'keys.csv:3: The provider is empty.'],
    ['provider,key\nopenai,sk-secret,x\n', 'keys.csv:2: This row has more or fewer fields'],
    ['provider,key\n\nsk-secret\n', 'keys.csv:3: This row has more or fewer fields'],
    ['provider,key\r\nopenai,"sk-secret\r\n', 'keys.csv:2: A quote is opened here'],
    ['provider,key\nopenai,"sk"secret\n', 'keys.csv:2: A quote is closed before its field ends.'],
    ['provider,key\nopenai,"sk" secret\n', 'keys.csv:2: A quote is closed before its field ends.'],
    ['provider,key\nopenai,sk-"secret"\n', 'keys.csv:2: A quote stands inside a field'],
  ])('%j is refused with its place, and nothing of it is repeated', async (text, message) => {
    const error = await refused(text)
    expect(error.code).toBe('invalid_value')
    expect(error.message).toContain(message)
    expect(error.hint).toContain('Nothing was added.')
    expect(error.all).not.toContain('secret')
  })

  it('says whose keys they are, or the command does, and not both', async () => {
    const error = await refused('provider,key\nopenai,sk-1\n', 'keys.csv', 'openai')
    expect(error.message).toBe('keys.csv:1: There is a column named provider.')
  })

  it.each(['', '\n\n', 'provider,key\n', 'provider,key\n,\n'])('%j has no key', async text => {
    expect(await refused(text)).toMatchObject({
      code: 'usage',
      message: 'There is no key in keys.csv.',
    })
  })

  it('is read as it was meant, however it is quoted and its columns stand', async () => {
    const visible = fc.stringMatching(/^[\x21-\x7e]{1,40}$/)
    const label = fc.oneof(fc.constant(''), fc.stringMatching(/^[a-z",;'\u{e4}\u{1f600}]{1,9}$/u))
    const limit = fc.constantFrom('', '1', '60')
    const row = fc.record({ provider: visible, key: visible, label, weight: limit, rpm: limit })
    const order = fc.shuffledSubarray(['provider', 'key', 'label', 'weight', 'rpm'] as const, {
      minLength: 5,
    })
    const style = fc.record({
      end: fc.constantFrom('\r\n', '\n', '\r'),
      always: fc.boolean(),
      around: fc.constantFrom('', ' '),
      last: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1 }),
        order,
        style,
        async (rows, columns, { end, always, around, last }) => {
          const quoted = (cell: string) =>
            always || /[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
          const line = (cells: readonly string[]) =>
            cells.map(cell => around + quoted(cell) + around).join(',')
          const lines = [
            line(columns),
            ...rows.map(row => line(columns.map(column => row[column]))),
          ]
          const meant = rows.map(({ provider, key, label, weight, rpm }, index) => ({
            provider,
            value: key,
            place: `keys.csv:${index + 2}`,
            ...(label === '' ? {} : { label }),
            ...(weight === '' ? {} : { weight: Number(weight) }),
            ...(rpm === '' ? {} : { rpm: Number(rpm) }),
          }))
          expect(await read(lines.join(end) + (last ? end : ''))).toEqual(meant)
        },
      ),
    )
  })
})
