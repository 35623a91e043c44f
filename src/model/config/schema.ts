import { isAbsolute, normalize } from 'node:path'
import * as z from 'zod'
import { BalanceError } from '../../base/errors.ts'
import { Secret } from '../../base/secret.ts'
import { printable } from '../../base/text.ts'
import { PROVIDER_KINDS } from '../catalog.ts'
import { presetOf } from '../presets.ts'
import { parseBaseUrl, parseProviderName } from '../provider-fields.ts'
import { PROVIDER_SETTING_NAMES, SETTING_NAMES, SETTINGS, type SettingName } from '../settings.ts'
import type { Declared, NewKey } from '../store.ts'
import { BOOTSTRAP_PARSERS } from './bootstrap.ts'

/** A value by a function that throws BalanceError for what it does not take. */
export function parsedBy<T>(parse: (given: string) => T) {
  return z.union([z.string(), z.number()]).transform((given, context) => {
    try {
      return parse(String(given))
    } catch (error) {
      if (!(error instanceof BalanceError)) throw error
      const message = error.hint ? `${error.message} ${error.hint}` : error.message
      context.addIssue({ code: 'custom', message: message.replace(/\.$/, '') })
      return z.NEVER
    }
  })
}

const whole = (most: number) =>
  z
    .number()
    .refine(
      value => Number.isSafeInteger(value) && value >= 1 && value <= most,
      `must be a whole number from 1 to ${most}`,
    )
    .optional()

/** `env:NAME` or `file:/path`; a clear key has no place in a file. Its text is never repeated. */
const reference = z.string().transform((text, context) => {
  const fault = referenceFault(text)
  if (fault === null) return new Secret(text)
  context.addIssue({ code: 'custom', message: fault })
  return z.NEVER
})

function referenceFault(text: string): string | null {
  if (text.startsWith('env:')) {
    const name = text.slice('env:'.length)
    if (!/^[A-Za-z_]\w*$/.test(name)) return 'env: is followed by the name of a variable'
    return /^BALANCE_/i.test(name) ? "the gateway's own variables are never used as keys" : null
  }
  if (text.startsWith('file:')) {
    const path = text.slice('file:'.length)
    if (isAbsolute(path) && normalize(path) === path && !path.includes('\0')) return null
    return 'file: is followed by a full path, like file:/etc/balance/keys/openai'
  }
  return 'keys are not written into this file; write env:NAME or file:/path, or use balance keys add'
}

const label = z
  .string()
  .refine(
    text => text.trim() === text && printable(text) === text && /^.{1,64}$/u.test(text),
    'must be 1 to 64 visible characters, without space at its ends',
  )

const key = z.preprocess(
  given => (typeof given === 'string' ? { value: given } : given),
  z.strictObject({
    value: reference,
    label: label.optional(),
    weight: whole(1_000),
    tier: whole(100),
    rpm: whole(1_000_000),
    concurrency: whole(1_000_000),
  }),
)

/** Schemas of these settings, each optional; the values they give are those of the store. */
function settingSchemas<K extends SettingName>(names: readonly K[]) {
  return Object.fromEntries(names.map(name => [name, SETTINGS[name].schema.optional()])) as {
    [N in K]: z.ZodOptional<(typeof SETTINGS)[N]['schema']>
  }
}

const provider = z.strictObject({
  kind: z.enum(PROVIDER_KINDS).optional(),
  base_url: parsedBy(parseBaseUrl).optional(),
  path: parsedBy(parseProviderName).optional(),
  enabled: z.boolean().optional(),
  keys: z.array(key).optional(),
  ...settingSchemas(PROVIDER_SETTING_NAMES),
})

const bootstrap = Object.fromEntries(
  Object.entries(BOOTSTRAP_PARSERS).map(([name, parse]) => [
    name,
    parsedBy<unknown>(parse).optional(),
  ]),
)

/** Everything a configuration file may hold. */
export const FILE_SCHEMA = z
  .strictObject({
    ...bootstrap,
    ...settingSchemas(SETTING_NAMES),
    providers: z.record(z.string(), provider).optional(),
  })
  .superRefine(({ providers = {} }, context) => {
    const segments = new Map<string, string>()
    for (const [name, given] of Object.entries(providers)) {
      const refuse = (path: string[], message: string) =>
        context.addIssue({ code: 'custom', path: ['providers', name, ...path], message })
      try {
        parseProviderName(name)
      } catch (error) {
        refuse([], (error as Error).message.replace(/\.$/, ''))
      }
      if (given.base_url === undefined && !presetOf(name)) {
        refuse([], 'has no base_url, and no preset has this name')
      }
      for (const segment of given.path === undefined ? [name] : [name, given.path]) {
        const owner = segments.get(segment)
        if (owner !== undefined) refuse(segment === name ? [] : ['path'], `is also ${owner}'s`)
        segments.set(segment, name)
      }
    }
  })

export type FileContent = z.infer<typeof FILE_SCHEMA>

/** What a valid file asks of the store. */
export function declaredIn(content: FileContent): Declared {
  return {
    settings: only(content, SETTING_NAMES),
    providers: Object.entries(content.providers ?? {}).map(([name, given]) => ({
      name,
      kind: given.kind ?? presetOf(name)?.kind ?? 'openai',
      baseUrl: given.base_url ?? (presetOf(name)?.baseUrl as string),
      path: given.path ?? null,
      enabled: given.enabled ?? true,
      overrides: only(given, PROVIDER_SETTING_NAMES),
      keys: (given.keys ?? []).map(declaredKey),
    })),
  }
}

function declaredKey(given: z.infer<typeof key>): NewKey {
  return {
    value: given.value,
    ...only(given, ['label', 'weight', 'tier', 'rpm', 'concurrency']),
  }
}

/** Those of these members that are there. */
function only<T extends object, K extends keyof T>(from: T, names: readonly K[]) {
  const present = names.filter(name => from[name] !== undefined)
  return Object.fromEntries(present.map(name => [name, from[name]])) as {
    [N in K]?: Exclude<T[N], undefined>
  }
}
