import { isAbsolute, normalize } from 'node:path'
import * as z from 'zod'
import { BalanceError } from '../../base/errors.ts'
import { Secret } from '../../base/secret.ts'
import { printable } from '../../base/text.ts'
import { PROVIDER_KINDS } from '../catalog.ts'
import { isProxyName, parseProxyUrl } from '../egress-proxy.ts'
import { presetOf } from '../presets.ts'
import { parseBaseUrl, parseProviderName } from '../provider-fields.ts'
import { isRouteModel, isTargetModel, parseTarget, spellTarget } from '../route-fields.ts'
import {
  formatSetting,
  PROVIDER_SETTING_NAMES,
  SETTING_NAMES,
  SETTINGS,
  type SettingName,
} from '../settings.ts'
import { parseTime } from '../units.ts'
import { BOOTSTRAP_PARSERS, parseFile } from './bootstrap.ts'

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
    .meta({ type: 'integer', minimum: 1, maximum: most })
    .optional()

/** `env:NAME` or `file:/path`; a clear secret has no place in a file. Its text is never repeated. */
const reference = (otherwise: string) =>
  z.string().transform((text, context) => {
    const fault = referenceFault(text, otherwise)
    if (fault === null) return new Secret(text)
    context.addIssue({ code: 'custom', message: fault })
    return z.NEVER
  })

function referenceFault(text: string, otherwise: string): string | null {
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
  return otherwise
}

/** Bytes that a store has sealed or wrapped. */
const base64 = z.string().regex(/^[A-Za-z0-9+/]{24,}={0,2}$/, 'is not what an export wrote here')

const LABEL_FAULT = 'must be 1 to 64 visible characters, without space at its ends'
const label = z.string().refine(isLabel, LABEL_FAULT)

function isLabel(text: string): boolean {
  return text.trim() === text && printable(text) === text && /^.{1,64}$/u.test(text)
}

const PASSWORD_FAULT =
  'passwords are not written into this file; write password: env:NAME or file:/path, or use balance proxies add'

const limits = { rpm: whole(1_000_000), concurrency: whole(1_000_000) }
const shares = { weight: whole(1_000), tier: whole(100) }

/** A text in place of a map says its most important member alone. */
function shortFor<T extends z.ZodRawShape>(
  member: (keyof T & string) | ((text: string) => keyof T & string),
  shape: T,
) {
  return z.preprocess(given => {
    if (typeof given !== 'string') return given
    return { [typeof member === 'string' ? member : member(given)]: given }
  }, z.strictObject(shape))
}

const key = shortFor('value', {
  value: reference(
    'keys are not written into this file; write env:NAME or file:/path, or use balance keys add',
  ).optional(),
  id: z
    .string()
    .regex(/^k_[a-z2-7]{10}$/, 'is not the id of a key')
    .optional(),
  sealed: base64.optional(),
  label: label.optional(),
  enabled: z.boolean().optional(),
  proxy: SETTINGS.proxy.schema.transform(value => formatSetting('proxy', value)).optional(),
  ...shares,
  ...limits,
}).superRefine(({ value, id, sealed }, context) => {
  const refuse = (path: string[], message: string) =>
    context.addIssue({ code: 'custom', path, message })
  if (value !== undefined && sealed !== undefined) refuse([], 'takes either value or sealed')
  else if ((id === undefined) !== (sealed === undefined))
    refuse([], 'id and sealed belong together')
  else if (value === undefined && sealed === undefined) refuse(['value'], 'is missing')
})

const token = shortFor(text => (text.startsWith('sha256:') ? 'hash' : 'value'), {
  value: reference(
    'tokens are not written into this file; write their hash, or env:NAME or file:/path',
  ).optional(),
  hash: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'is written sha256: and 64 hexadecimal digits')
    .optional(),
  weak: z.boolean().optional(),
  providers: z.array(parsedBy(parseProviderName)).optional(),
  models: SETTINGS.models.schema.optional(),
  expires: parsedBy(parseTime).optional(),
  ...limits,
}).superRefine(({ value, hash, weak }, context) => {
  const refuse = (path: string[], message: string) =>
    context.addIssue({ code: 'custom', path, message })
  if (value !== undefined && hash !== undefined) refuse([], 'takes either hash or value')
  else if (value === undefined && hash === undefined) refuse(['hash'], 'is missing')
  else if (weak !== undefined && hash === undefined) refuse(['weak'], 'is said of a hash alone')
})

const proxy = shortFor('url', {
  url: parsedBy(parseProxyUrl)
    .refine(({ password }) => password === null, PASSWORD_FAULT)
    .transform(({ url }) => url),
  password: reference(PASSWORD_FAULT).optional(),
  id: z
    .string()
    .regex(/^x_[a-z2-7]{10}$/, 'is not the id of a proxy')
    .optional(),
  sealed: base64.optional(),
  enabled: z.boolean().optional(),
}).superRefine(({ password, id, sealed }, context) => {
  const refuse = (message: string) => context.addIssue({ code: 'custom', path: [], message })
  if (password !== undefined && sealed !== undefined) refuse('takes either password or sealed')
  else if ((id === undefined) !== (sealed === undefined)) refuse('id and sealed belong together')
})

const target = shortFor('to', {
  to: parsedBy(parseTarget).refine(
    ({ model }) => model === null || isTargetModel(model),
    'is not the name of a model',
  ),
  ...shares,
})

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
    tls: z.strictObject({ cert: parsedBy(parseFile), key: parsedBy(parseFile) }).optional(),
    ...settingSchemas(SETTING_NAMES),
    providers: z.record(z.string(), provider).optional(),
    routes: z.record(z.string(), z.array(target).min(1, 'a route needs a target')).optional(),
    tokens: z.record(z.string(), token).optional(),
    proxies: z.record(z.string(), proxy).optional(),
    vault: z.strictObject({ check: base64, wrapped: base64 }).optional(),
  })
  .superRefine((content, context) => {
    const refuse = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message })
    refuseProviders(content.providers ?? {}, refuse)
    for (const [model, targets] of Object.entries(content.routes ?? {})) {
      if (!isRouteModel(model)) refuse(['routes', model], 'cannot be the model of a route')
      const seen = new Set<string>()
      for (const [index, { to }] of targets.entries()) {
        if (seen.has(spellTarget(to))) refuse(['routes', model, index], 'is a target twice')
        seen.add(spellTarget(to))
      }
    }
    for (const name of Object.keys(content.proxies ?? {})) {
      if (!isProxyName(name)) refuse(['proxies', name], 'cannot name a proxy')
    }
    for (const name of Object.keys(content.tokens ?? {})) {
      if (!isLabel(name)) refuse(['tokens', name], LABEL_FAULT)
    }
  })

export type FileContent = z.infer<typeof FILE_SCHEMA>

function refuseProviders(
  providers: Readonly<Record<string, z.infer<typeof provider>>>,
  refuse: (path: (string | number)[], message: string) => void,
): void {
  const segments = new Map<string, string>()
  for (const [name, given] of Object.entries(providers)) {
    const here = (path: string[], message: string) => refuse(['providers', name, ...path], message)
    try {
      parseProviderName(name)
    } catch (error) {
      here([], (error as Error).message.replace(/\.$/, ''))
    }
    if (given.base_url === undefined && !presetOf(name)) {
      here([], 'has no base_url, and no preset has this name')
    }
    const labels = new Set<string>()
    for (const [index, { label }] of (given.keys ?? []).entries()) {
      if (label === undefined) continue
      if (labels.has(label)) refuse(['providers', name, 'keys', index, 'label'], 'is here twice')
      labels.add(label)
    }
    for (const segment of given.path === undefined ? [name] : [name, given.path]) {
      const owner = segments.get(segment)
      if (owner !== undefined) here(segment === name ? [] : ['path'], `is also ${owner}'s`)
      segments.set(segment, name)
    }
  }
}
