import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BalanceError } from '../../../src/base/errors.ts'
import { Secret } from '../../../src/base/secret.ts'
import { ConfigFolder } from '../../support/config-folder.ts'
import { refusal } from '../../support/refusal.ts'

let folder: ConfigFolder

beforeEach(() => {
  folder = new ConfigFolder()
})
afterEach(() => folder.remove())

const declared = (text: string) => {
  folder.write('work/balance.config.yaml', text)
  return folder.load().declared
}

/** The message without the folder's name: `3:5: what: …`. */
const complaint = (text: string) => {
  const path = folder.write('work/balance.config.yaml', text)
  const error = refusal(() => folder.load())
  expect(error.code).toBe('config_invalid')
  for (const line of error.message.split('\n')) expect(line.startsWith(`${path}:`)).toBe(true)
  return error.message.replaceAll(`${path}:`, '')
}

describe('what a file declares', () => {
  it('is settings in their own units', () => {
    const { settings } = declared(`
max_retries: 5
timeout: 90
idle_timeout: 1m30s
max_body: 1MiB
normalize_urls: off
policy: least-busy
headers: { X-Team: red }
default_provider: lab
`)
    expect(settings).toEqual({
      max_retries: 5,
      timeout: 90_000,
      idle_timeout: 90_000,
      max_body: 1_048_576,
      normalize_urls: false,
      policy: 'least-busy',
      headers: { 'x-team': 'red' },
      default_provider: 'lab',
    })
  })

  it('is providers: presets by their names, others by their base URL', () => {
    const { providers } = declared(`
providers:
  openai: {}
  anthropic:
    enabled: false
    timeout: 10m
  lab:
    base_url: http://10.0.0.7:8000/v1/
    path: gpu
    keys:
      - env:LAB_KEY
      - value: file:/etc/balance/keys/lab
        label: second
        weight: 2
        tier: 2
        rpm: 60
        concurrency: 4
`)
    expect(providers[0]).toMatchObject({
      name: 'openai',
      kind: 'openai',
      baseUrl: 'https://api.openai.com/v1',
      path: null,
      enabled: true,
      overrides: {},
      keys: [],
    })
    expect(providers[1]).toMatchObject({
      kind: 'anthropic',
      enabled: false,
      overrides: { timeout: 600_000 },
    })
    expect(providers[2]).toMatchObject({
      kind: 'openai',
      baseUrl: 'http://10.0.0.7:8000/v1',
      path: 'gpu',
    })
    const keys = providers[2]?.keys.map(key => ({ ...key, value: (key.value as Secret).reveal() }))
    expect(keys).toEqual([
      { value: 'env:LAB_KEY', place: expect.stringMatching(/\.yaml:11:9$/) },
      {
        value: 'file:/etc/balance/keys/lab',
        label: 'second',
        place: expect.stringMatching(/\.yaml:12:9$/),
        weight: 2,
        tier: 2,
        rpm: 60,
        concurrency: 4,
      },
    ])
  })

  it('is tokens: by a reference or a hash, which may stand alone', () => {
    const hash = 'a'.repeat(64)
    const { tokens } = declared(`tokens:\n  ci: env:CI\n  laptop: sha256:${hash}\n`)
    expect(tokens).toMatchObject([
      { name: 'ci', value: new Secret('env:CI') },
      { name: 'laptop', value: { hash, weak: false } },
    ])
  })

  it('may be shared by anchors', () => {
    const { providers } = declared('providers:\n  openai: &a { timeout: 5s }\n  groq: *a\n')
    expect(providers.map(provider => provider.overrides.timeout)).toEqual([5_000, 5_000])
  })

  it('may be JSON, with tabs', () => {
    folder.write('work/balance.config.json', '{\n\t"max_retries": 2,\n\t"listen": "[::1]:1"\n}')
    expect(folder.load().declared.settings).toEqual({ max_retries: 2 })
  })
})

describe('a mistake in a file', () => {
  it.each([
    ['lisen: 1:2', '1:1: "lisen" is not known here. Did you mean listen?'],
    ['port: 8080', '1:1: "port" is not known here. Did you mean listen?'],
    ['\n\nmax_retry: 3', '3:1: "max_retry" is not known here. Did you mean max_retries?'],
    ['- a', '1:1: must be a map of names to values.'],
    ['hello', '1:1: must be a map of names to values.'],
    ['listen:', '1:8: listen: has no value.'],
    ['listen: 8077', '1:9: listen: This is not an address to listen on. Write it like'],
    [
      'workers: 400',
      '1:10: workers: "400" is not a number of workers. Write a number from 1 to 64, or auto for one per core',
    ],
    ['store: mysql://u:pw@h/d', '1:8: store: A store URL holds no password.'],
    ['max_retries: 0', '1:14: max_retries: must be from 1 to 100 (attempts'],
    ['max_retries: [1]', '1:14: max_retries: is not a value it takes (attempts'],
    ['policy: random', '1:9: policy: is one of round-robin, weighted, least-busy.'],
    ['timeout: soon', '1:10: timeout: "soon" is not a duration'],
    ['default_provider: 7', '1:19: default_provider: must be a text; put it in quotes.'],
    ['headers: { host: x }', '1:18: headers.host: is a header of the connection'],
    ['headers: { a: 1 }', '1:15: headers.a: must be a text; put it in quotes.'],
    ['a: 1\na: 2', '2:1: this key is here twice.'],
    ['listen: [', '1:10: this line is not indented'],
    ['a:\n\tb: 1', '2:1: lines are indented with spaces, not with tabs.'],
    ['a: b: c', '1:4: a value and names below it do not go together; indent names alike,'],
    ['a:1\nb: 2', '1:1: this is not "name: value"; a colon is followed by a space.'],
    ['{ "a": 1 "b": 2 }', '1:8: a comma or a bracket is missing here'],
    ['routes:\n  a: []', '2:6: routes.a: a route needs a target.'],
    ['vault: { check: x, wrapped: y }', '1:17: vault.check: is not what an export wrote here.'],
    ['a: 1\n---\nb: 2', '2:1: there must be one document only'],
    ['a: !!js/function "f"', '1:4: there is no such tag'],
    ['a: *b', '1:4: there is no anchor of this name before it.'],
    ['? [a]\n: b', '1:3: a key must be a plain text.'],
    ['__proto__: { a: 1 }', '1:1: there is no such key.'],
    ['providers: []', '1:12: providers: must be a map of names to values.'],
    ['providers:\n  lab: {}', '2:8: providers.lab: has no base_url, and no preset has this name.'],
    ['providers:\n  v1: { base_url: "http://x" }', '2:7: providers.v1: "v1" means something else'],
    [
      'providers:\n  Lab: { base_url: "http://x" }',
      '2:8: providers.Lab: "Lab" cannot name a provider.',
    ],
    [
      'providers:\n  openai:\n    base_ulr: x',
      '3:5: providers.openai: "base_ulr" is not known here. Did you mean base_url?',
    ],
    [
      'providers:\n  a: { base_url: api.x.com/v1 }',
      '2:18: providers.a.base_url: A base URL begins with https:// or http://. Write https://api.x.com/v1.',
    ],
    [
      'providers:\n  a: { base_url: "http://u:p@x" }',
      '2:18: providers.a.base_url: A base URL holds no credentials.',
    ],
    [
      'providers:\n  openai: { kind: open }',
      '2:19: providers.openai.kind: is one of openai, anthropic, gemini, azure, custom.',
    ],
    [
      'providers:\n  openai: { enabled: "on" }',
      '2:22: providers.openai.enabled: must be true or false.',
    ],
    ['providers:\n  openai: { path: groq }\n  groq: {}', "3:9: providers.groq: is also openai's."],
    [
      'providers:\n  openai: { max_body: 1MiB }',
      '2:13: providers.openai: "max_body" is not known here.',
    ],
    ['providers:\n  openai: { keys: env:X }', '2:19: providers.openai.keys: must be a list.'],
    ['providers:\n  openai: { keys: [7] }', '2:20: providers.openai.keys[0]: must be a map'],
    [
      'providers:\n  openai: { keys: [env:BALANCE_X] }',
      "2:20: providers.openai.keys[0]: the gateway's own variables",
    ],
    [
      'providers:\n  openai: { keys: [file:key] }',
      '2:20: providers.openai.keys[0]: file: is followed by a full path',
    ],
    [
      'providers:\n  openai: { keys: [file:/a/../b] }',
      '2:20: providers.openai.keys[0]: file: is followed by a full path',
    ],
    [
      'providers:\n  openai: { keys: [{ value: env:K, weight: 0 }] }',
      '2:44: providers.openai.keys[0].weight: must be a whole number from 1 to 1000.',
    ],
    [
      'providers:\n  openai: { keys: [{ weight: 1 }] }',
      '2:20: providers.openai.keys[0].value: is missing.',
    ],
    [
      'providers:\n  openai: { keys: [{ value: env:K, label: 12 }] }',
      '2:43: providers.openai.keys[0].label: must be a text; put it in quotes.',
    ],
    [
      'providers:\n  openai: { keys: [{ value: env:K, wieght: 1 }] }',
      '2:36: providers.openai.keys[0]: "wieght" is not known here. Did you mean weight?',
    ],
    ['tokens:\n  ci: secret', '2:7: tokens.ci: tokens are not written into this file; write'],
    ['tokens:\n  ci: sha256:12', '2:7: tokens.ci: is written sha256: and 64 hexadecimal digits'],
  ])('is told with its line and column: %j', (text, expected) => {
    expect(complaint(text).slice(0, expected.length)).toBe(expected)
  })

  it('is told together with all others, in the order of the file', () => {
    const lines = complaint('drain: x\npolicy: y\nmax_retries: 0\nzzz: 1\n').split('\n')
    expect(lines.map(line => line.slice(0, 2))).toEqual(['1:', '2:', '3:', '4:'])
  })

  it('is told without what may be a secret', () => {
    const secret = 'sk-proj-0123456789abcdef'
    for (const text of [
      `providers:\n  openai:\n    keys: [${secret}]`,
      `providers:\n  openai:\n    keys: [{ value: ${secret} }]`,
      `providers:\n  openai:\n    keys: [{ ${secret}: 1 }]`,
      `providers:\n  openai:\n    keys: [env:${secret}]`,
      `providers:\n  openai:\n    keys: [{ value: env:K, label: "${secret}\\n" }]`,
      `store: mysql://u:${secret}@h/d`,
      `a: "b" ${secret}`,
      `a: !${secret} b`,
      `a: *${secret}`,
      `a: [}${secret}`,
      `%${secret}\n---\na: b`,
      `a: "\\x${secret}"`,
    ]) {
      const message = complaint(text)
      expect(message, text).not.toContain('0123456789')
    }
    expect(complaint(`providers:\n  openai:\n    keys: [${secret}]`)).toContain('balance keys add')
  })

  it('of depth or of multiplying aliases ends in an error, not in a crash', () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]']
    for (const [name, of] of ['ba', 'cb', 'dc', 'ed']) {
      bomb.push(`${name}: &${name} [${Array(9).fill(`*${of}`).join(',')}]`)
    }
    expect(complaint(bomb.join('\n'))).toContain('aliases multiply')
    for (const deep of [
      '['.repeat(20_000),
      '{a: '.repeat(20_000),
      '- '.repeat(20_000),
      '? '.repeat(20_000),
    ]) {
      expect(complaint(deep)).toMatch(/^1:\d+: this is nested too deeply\.$/)
    }
    complaint('a: &a [*a]')
  })
})

describe('a mutated file', () => {
  const example = readFileSync(
    new URL('../../../balance.config.example.yaml', import.meta.url),
    'utf8',
  )
  const whole = example.replaceAll(/^#(?=\w)/gm, '')

  it('loads, or is refused with file, line and column', () => {
    const path = folder.write('work/balance.config.yaml', '')
    const pieces = fc.constantFrom(
      ...[
        ...'{}[]:,-?*&!|>\'"%@`#\n\t \0\u2028é',
        '- ',
        ': ',
        '\n  ',
        '---\n',
        '&a ',
        '*a',
        '!!map ',
        '<<: ',
        'null',
        '1e999',
        '.nan',
        '0x1',
        '~',
        '9'.repeat(30),
        '🍯',
        '\ufeff',
        '\\',
      ],
    )
    const edit = fc.record({
      at: fc.nat(whole.length),
      remove: fc.nat(40),
      insert: fc.array(pieces, { maxLength: 3 }).map(list => list.join('')),
    })
    let refused = 0
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), edits => {
        let text = whole
        for (const { at, remove, insert } of edits) {
          text = text.slice(0, at) + insert + text.slice(at + remove)
        }
        folder.write('work/balance.config.yaml', text)
        try {
          folder.load()
        } catch (error) {
          if (!(error instanceof BalanceError)) throw error
          refused++
          expect(error.code).toBe('config_invalid')
          for (const line of error.message.split('\n')) {
            const [, column] = /^:\d+:(\d+): ./.exec(line.slice(path.length)) ?? []
            expect(line.startsWith(path) && Number(column) > 0, line).toBe(true)
          }
        }
      }),
      { numRuns: 400 },
    )
    expect(refused).toBeGreaterThan(100)
  })
})
