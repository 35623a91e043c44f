import * as z from 'zod'
import { PROXY_WORDS } from './egress-proxy.ts'
import { formatDuration, formatSize, parseDuration, parseSize } from './units.ts'

export const POLICIES = ['round-robin', 'weighted', 'least-busy'] as const
export type Policy = (typeof POLICIES)[number]

/** How the values of one kind of setting are read from what an operator wrote, and shown again. */
export interface Kind<T> {
  readonly schema: z.ZodType<T>
  readonly format: (value: T) => string
}

const HOP =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host|content-length|expect)$/
const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/

export const duration = (least: string, most: string) =>
  number(parseDuration, formatDuration, parseDuration(least), parseDuration(most))
export const size = (least: string, most: string) =>
  number(parseSize, formatSize, parseSize(least), parseSize(most))
export const count = (least: number, most: number) => number(Number, String, least, most)

/** A number written as text with a unit, or as a bare number; bounds inclusive. */
function number(
  parse: (text: string) => number,
  format: (value: number) => string,
  least: number,
  most: number,
) {
  const schema = z.union([z.string(), z.number()]).transform((given, context) => {
    let value: number
    try {
      value = typeof given === 'string' ? parse(given) : parse(String(given))
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message })
      return z.NEVER
    }
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value
    context.addIssue({
      code: 'custom',
      message: `must be from ${format(least)} to ${format(most)}`,
    })
    return z.NEVER
  })
  return { schema, format }
}

export const flag = {
  schema: z.union([
    z.boolean(),
    z
      .enum(['true', 'false', 'on', 'off', 'yes', 'no'])
      .transform(word => word === 'true' || word === 'on' || word === 'yes'),
  ]),
  format: (value: boolean) => (value ? 'on' : 'off'),
}

const json = { format: (value: unknown) => JSON.stringify(value) }

const headerName = z
  .string()
  .transform(name => name.toLowerCase())
  .refine(name => HEADER_NAME.test(name), 'is not a header name')
  .refine(name => !HOP.test(name), 'is a header of the connection, which the gateway sets itself')

export const name = { schema: z.string().max(64), format: (value: string) => value }
export const modelName = {
  schema: z.string().regex(/^[^\s,]{0,256}$/, 'is not the name of a model'),
  format: (value: string) => value,
}
const glob = z.string().regex(/^!?[^\s,!]{1,256}$/, 'is not a glob of model names')
export const globs = {
  schema: z
    .union([z.array(z.string()), z.string().transform(text => text.split(/[\s,]+/))])
    .transform(list => list.filter(entry => entry !== ''))
    .pipe(z.array(glob)) as z.ZodType<readonly string[]>,
  format: (value: readonly string[]) => value.join(','),
}
const hostName = z
  .string()
  .transform(given => given.toLowerCase().replace(/^\[(.*)\]$/, '$1'))
  .refine(
    given => /^(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$|^[0-9a-f.]*:[0-9a-f:.]*$/.test(given),
    'is not a host name or an address, without scheme and port',
  )
export const hosts = {
  schema: z
    .union([z.array(z.string()), z.string().transform(text => text.split(/[\s,]+/))])
    .transform(list => list.filter(entry => entry !== ''))
    .pipe(z.array(hostName)) as z.ZodType<readonly string[]>,
  format: (value: readonly string[]) => value.join(','),
}
/** Names of proxies, or one word that stands for all of them or for none. */
export const proxies = {
  schema: z
    .union([z.array(z.string()), z.string().transform(text => text.split(/[\s,]+/))])
    .transform(list => list.filter(entry => entry !== '').map(word => SPELT[word] ?? word))
    .pipe(z.array(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'is not the name of a proxy')))
    .refine(list => list.length > 0, 'takes names of proxies, all, or none')
    .refine(
      list => list.length === 1 || !list.some(entry => PROXY_WORDS.includes(entry)),
      'takes all or none by themselves only',
    ) as z.ZodType<readonly string[]>,
  format: (value: readonly string[]) => value.join(','),
}
/** What is meant just as well. */
const SPELT: Readonly<Record<string, string>> = { direct: 'none' }
export const policy = { schema: z.enum(POLICIES), format: (value: Policy) => value }
export const headers = {
  ...json,
  schema: z.record(
    headerName,
    // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these would split a header
    z.string().regex(/^[^\u0000-\u0008\u000a-\u001f\u007f]*$/, 'holds control characters'),
  ) as z.ZodType<Readonly<Record<string, string>>>,
}
/** A header's name; empty for none. */
export const header = {
  schema: z.union([z.literal(''), headerName]) as z.ZodType<string>,
  format: (value: string) => value,
}
/** The value of a header with a place for a key. */
export const keyTemplate = {
  schema: z
    .string()
    .max(256)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these would split a header
    .regex(/^[^\u0000-\u001f\u007f]*$/, 'holds control characters')
    .refine(text => text === '' || text.split('{key}').length === 2, 'must hold {key} once'),
  format: (value: string) => value,
}
export const apiVersion = {
  schema: z.string().regex(/^[\w.-]{0,64}$/, 'is not the version of an API'),
  format: (value: string) => value,
}
/** Parameters of a query: `key` is where clients show their token. */
export const parameters = {
  ...json,
  schema: z.record(
    z
      .string()
      .regex(/^[\w.~$-]{1,64}$/, 'is not the name of a parameter')
      .refine(given => given !== 'key', 'is sent in a header only: see key_header'),
    z
      .string()
      .max(512)
      .refine(text => /^\P{Cs}*$/u.test(text), 'is not text'),
  ) as z.ZodType<Readonly<Record<string, string>>>,
}
export const names = { ...json, schema: z.array(headerName) as z.ZodType<readonly string[]> }
