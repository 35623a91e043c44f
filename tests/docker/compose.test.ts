import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { DCLinter } from 'dclint'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
  readonly secrets: Readonly<Record<string, { readonly file: string }>>
}

interface Service {
  readonly image: string
  readonly environment: Readonly<Record<string, string>>
  readonly secrets: readonly string[]
  readonly volumes: readonly string[]
  readonly ports: readonly string[]
  readonly read_only: boolean
  readonly cap_drop: readonly string[]
  readonly security_opt: readonly string[]
  readonly tmpfs: readonly string[]
}

const FILES = ['compose.yaml', 'compose.mysql.yaml']
const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url))
const read = (name: string) => parse(readFileSync(path(name), 'utf8'), { merge: true }) as Compose

/** dclint brings the Compose specification's schema; the order of keys is ours. */
const linter = new DCLinter({
  rules: {
    'service-keys-order': 0,
    'services-alphabetical-order': 0,
    'top-level-properties-order': 0,
    'require-quotes-in-ports': 0,
  },
  quiet: true,
  debug: false,
  exclude: [],
})

describe.each(FILES)('%s', name => {
  const { services, volumes, secrets } = read(name)
  const gateways = Object.entries(services).filter(([service]) => service.startsWith('balance'))

  it('is what the Compose specification and dclint ask for', () => {
    const [result] = linter.lintFiles([path(name)], false)
    expect(result?.messages).toEqual([])
  })

  it('takes every right from its gateways that they do not need', () => {
    expect(gateways.length).toBeGreaterThan(0)
    for (const [, service] of gateways) {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        tmpfs: ['/tmp'],
      })
      for (const port of service.ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:8077$/)
    }
  })

  it('declares what it names, gives secrets as files alone, and each gateway its own volume', () => {
    for (const [, service] of Object.entries(services)) {
      for (const secret of service.secrets) expect(secrets).toHaveProperty([secret])
      for (const volume of service.volumes) expect(volumes).toHaveProperty([volume.split(':')[0]!])
      for (const [variable, value] of Object.entries(service.environment)) {
        if (/KEY|TOKEN|(?<!RANDOM_ROOT_)PASSWORD/.test(variable)) {
          expect(variable).toMatch(/_FILE$/)
          expect(service.secrets).toContain(value.replace('/run/secrets/', ''))
        }
      }
    }
    const data = gateways.flatMap(([, service]) => service.volumes)
    expect(new Set(data).size).toBe(gateways.length)
  })
})
