import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BOOTSTRAP_PARSERS } from '../../src/model/config/bootstrap.ts'
import type { LoadedConfig } from '../../src/model/config.ts'
import { PRESETS } from '../../src/model/presets.ts'
import {
  DEFAULT_SETTINGS,
  PROVIDER_SETTING_NAMES,
  SETTING_NAMES,
} from '../../src/model/settings.ts'
import { ConfigFolder } from '../support/config-folder.ts'

const path = fileURLToPath(new URL('../../balance.config.example.yaml', import.meta.url))
const text = readFileSync(path, 'utf8')
/** Every default taken out of its comment. */
const whole = text.replaceAll(/^#(?=\w| {2,}\w)/gm, '')

let folder: ConfigFolder

beforeEach(() => {
  folder = new ConfigFolder()
})
afterEach(() => folder.remove())

describe('balance.config.example.yaml', () => {
  it('loads as it is', () => {
    copyFileSync(path, join(folder.cwd, 'balance.config.yaml'))
    const { declared } = folder.load()
    expect(declared.settings).toEqual({})
    expect(declared.providers.map(({ name }) => name)).toEqual(['openai', 'lab'])
    expect(declared.providers[1]?.keys).toHaveLength(2)
    expect(declared.routes?.map(({ model }) => model)).toEqual(['fast', 'gpt-4*'])
    // The first token is made where there is none: nobody knows the value of the example's.
    expect(declared.tokens).toEqual([])
  })

  it('shows every setting, each with its default', () => {
    folder.write('work/balance.config.yaml', whole)
    const { settings, tokens } = folder.load().declared
    expect(tokens?.map(({ name }) => name)).toEqual(['laptop', 'ci'])
    expect(Object.keys(settings).sort()).toEqual([...SETTING_NAMES].sort())
    expect(settings).toEqual(DEFAULT_SETTINGS)
  })

  it('shows every bootstrap option, each with its default', () => {
    for (const name of Object.keys(BOOTSTRAP_PARSERS)) {
      expect(whole, name).toMatch(new RegExp(`^${name}: `, 'm'))
    }
    const plain = startOptions(folder.load())
    folder.write('work/balance.config.yaml', whole)
    const given = startOptions(folder.load())
    // No certificate is there by default, so the example's path is no default.
    expect(given.tls?.cert).toBe('/etc/balance/fullchain.pem')
    expect(given).toEqual({ ...plain, tls: given.tls, origins: given.origins })
    for (const origin of Object.values(given.origins)) expect(origin).toMatch(/^file /)
  })

  it('marks with * exactly what a provider can override', () => {
    const marked = new Set<string>()
    let starred = false
    for (const line of text.split('\n')) {
      if (line.startsWith('# ')) starred = line.startsWith('# * ')
      const name = /^#?(\w+):/.exec(line)?.[1]
      if (name && starred) marked.add(name)
    }
    expect([...marked].sort()).toEqual([...PROVIDER_SETTING_NAMES].sort())
  })

  it('names every preset', () => {
    for (const name of Object.keys(PRESETS)) expect(text).toMatch(new RegExp(`\\b${name}\\b`))
  })
})

function startOptions({ file: _, declared: __, environment: ___, ...options }: LoadedConfig) {
  return options
}
