import type { ProviderKind } from '../model/catalog.ts'
import type { ProviderSettings } from '../model/settings.ts'
import type { Upward } from '../upstream/headers.ts'

/** How a provider is shown its credential. */
export interface Carriage {
  /** Lower case. */
  readonly header: string
  /** The header's value, the key as `{key}`. */
  readonly template: string
  /** The header's value for a key. */
  value(secret: string): string
}

/**
 * Where vendors look for a key, and in which words.
 * https://platform.openai.com/docs/api-reference/authentication,
 * https://docs.claude.com/en/api/overview#authentication,
 * https://ai.google.dev/gemini-api/docs/api-key,
 * https://learn.microsoft.com/azure/ai-foundry/openai/reference#authentication
 */
const USUAL: Readonly<Record<ProviderKind, readonly [header: string, template: string]>> = {
  openai: ['authorization', 'Bearer {key}'],
  anthropic: ['x-api-key', '{key}'],
  gemini: ['x-goog-api-key', '{key}'],
  azure: ['api-key', '{key}'],
  custom: ['authorization', 'Bearer {key}'],
}

export function carriageOf(
  kind: ProviderKind,
  { key_header, key_template }: ProviderSettings,
): Carriage {
  const [usual, words] = USUAL[kind]
  const header = key_header || usual
  // Another header than the usual one has no words of its own.
  const template = key_template || (header === usual ? words : '{key}')
  const [before = '', after = ''] = template.split('{key}')
  return { header, template, value: secret => before + secret + after }
}

/** Headers that callers show their tokens in: whatever is forwarded, these are not. */
const SHOWN = new Set(['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'])

/**
 * https://platform.claude.com/docs/en/api/versioning: a request without a version is refused. Whoever
 * names none was written for the older of the two: 2026-10-21 refuses what that one takes (`temperature`).
 */
const ANTHROPIC_VERSION = '2023-06-01'

export function compileUpward(
  kind: ProviderKind,
  { headers, forward_headers, api_version }: ProviderSettings,
  { header }: Carriage,
): Upward {
  const own = Object.entries(headers).filter(([name]) => name !== header)
  const replaced = new Set([header, ...own.map(([name]) => name)])
  const versioned = kind === 'anthropic' && !replaced.has('anthropic-version')
  return Object.freeze({
    forward: new Set(forward_headers.filter(name => !SHOWN.has(name))),
    own: own.flat(),
    replaced,
    fallback: versioned ? (['anthropic-version', api_version || ANTHROPIC_VERSION] as const) : null,
  })
}
