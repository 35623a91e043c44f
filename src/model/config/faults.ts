import type { z } from 'zod'
import { BalanceError } from '../../base/errors.ts'
import { nearest, printable } from '../../base/text.ts'
import { PROVIDER_SETTING_NAMES, SETTING_NAMES, SETTINGS, type SettingName } from '../settings.ts'
import { BOOTSTRAP_PARSERS } from './bootstrap.ts'
import type { ConfigDocument, KeyPath } from './document.ts'

/** What zod found wrong with a file, as one error: a line each, with file, line and column. */
export function faultsOf(
  document: ConfigDocument,
  issues: readonly z.core.$ZodIssue[],
): BalanceError {
  const lines = issues.flatMap(issue => describe(document, issue)).sort(byPlace)
  const unknown = issues.some(({ code }) => code === 'unrecognized_keys')
  return new BalanceError(
    'config_invalid',
    lines.map(line => line.text).join('\n'),
    unknown ? { hint: 'balance.config.example.yaml explains all that is known.' } : {},
  )
}

const LONGEST_LINE = 400

interface Line {
  readonly place: string
  readonly text: string
}

function byPlace(a: Line, b: Line): number {
  return a.place.localeCompare(b.place, 'en', { numeric: true })
}

function describe(document: ConfigDocument, issue: z.core.$ZodIssue): Line[] {
  const path = named(document, issue.path)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => line(document.atKey(path, key), path, unknownKey(path, key)))
  }
  return [line(document.at(path), path, problem(document, path, issue))]
}

/** The path as the file has it: a key that is a plain text stands for a map with its value. */
function named(document: ConfigDocument, given: readonly PropertyKey[]): KeyPath {
  const path = given.filter(part => typeof part !== 'symbol')
  const around = path.slice(0, -1)
  return typeof valueAt(document.value, around) === 'string' ? around : path
}

function line(place: string, path: KeyPath, text: string): Line {
  const name = shown(path)
  // Some messages repeat the value, which may run over lines that a missing quote swallowed.
  const sentence = printable(name === '' ? text : `${name}: ${text}`, LONGEST_LINE)
  return { place, text: `${place}: ${sentence}${/[.?]$/.test(sentence) ? '' : '.'}` }
}

/** `providers.openai.keys[0]` */
function shown(path: KeyPath): string {
  return path.reduce<string>((name, part) => {
    if (typeof part === 'number') return `${name}[${part}]`
    const word = printable(part, 64)
    return name === '' ? word : `${name}.${word}`
  }, '')
}

function problem(document: ConfigDocument, path: KeyPath, issue: z.core.$ZodIssue): string {
  const value = valueAt(document.value, path)
  if (value === null) return 'has no value'
  if (issue.code === 'custom') return withDoc(path, issue.message)
  // Every pattern has words of its own; zod's would repeat the pattern.
  if (issue.code === 'invalid_format') return withDoc(path, issue.message)
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? 'cannot be a name here'
  if (issue.code === 'invalid_value') return `is one of ${issue.values.join(', ')}`
  if (issue.code === 'invalid_type' && value === undefined) return 'is missing'
  if (issue.code === 'invalid_type' && issue.expected === 'string') {
    return 'must be a text; put it in quotes'
  }
  if (issue.code === 'too_small' && issue.origin === 'array') return issue.message
  if (issue.code === 'invalid_type') return `must be ${KINDS[issue.expected] ?? issue.expected}`
  return withDoc(path, 'is not a value it takes')
}

const KINDS: Readonly<Record<string, string>> = {
  object: 'a map of names to values',
  record: 'a map of names to values',
  array: 'a list',
  number: 'a number',
  boolean: 'true or false',
}

/** A setting's own line is added to what is wrong with it. */
function withDoc(path: KeyPath, message: string): string {
  const setting = settingAt(path)
  return setting ? `${message} (${SETTINGS[setting].doc})` : message
}

function settingAt(path: KeyPath): SettingName | null {
  const name =
    path.length === 1 || (path.length === 3 && path[0] === 'providers') ? path.at(-1) : ''
  return SETTING_NAMES.find(known => known === name) ?? null
}

function unknownKey(path: KeyPath, key: string): string {
  const near = path.length === 0 && isAddress(key) ? 'listen' : nearest(key, knownAt(path))
  // There a name out of place may be a secret that lost its way.
  const secret = path.includes('keys') || path[0] === 'tokens' || path[0] === 'proxies'
  const name = secret && !near ? 'this' : `"${printable(key, 64)}"`
  return `${name} is not known here${near ? `. Did you mean ${near}?` : ''}`
}

/** As flags and lists have them; a file gives both at once. */
function isAddress(key: string): boolean {
  return key === 'host' || key === 'port'
}

function knownAt(path: KeyPath): readonly string[] {
  const [first] = path
  if (first === undefined) {
    return [...Object.keys(BOOTSTRAP_PARSERS), ...SETTING_NAMES, ...OBJECTS]
  }
  if (path.includes('keys')) return [...KEY, ...LIMITS]
  if (first === 'routes') return ['to', 'weight', 'tier']
  if (first === 'tokens')
    return ['value', 'hash', 'weak', 'providers', 'models', 'expires', ...LIMITS]
  if (first === 'proxies') return ['url', 'password', 'id', 'sealed', 'enabled']
  if (first === 'vault') return ['check', 'wrapped']
  if (first === 'tls') return ['cert', 'key']
  return ['kind', 'base_url', 'path', 'enabled', 'keys', ...PROVIDER_SETTING_NAMES]
}

const OBJECTS = ['tls', 'providers', 'routes', 'tokens', 'proxies', 'vault']
const KEY = ['value', 'id', 'sealed', 'label', 'enabled', 'proxy', 'weight', 'tier']
const LIMITS = ['rpm', 'concurrency']

function valueAt(value: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>(
    (inner, part) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, part)
        ? (inner as Record<string | number, unknown>)[part]
        : undefined,
    value,
  )
}
