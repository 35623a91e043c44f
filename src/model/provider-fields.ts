import { BalanceError } from '../base/errors.ts'
import { nearest, printable } from '../base/text.ts'
import { RESERVED_SEGMENTS } from './catalog.ts'
import type { ProviderChange } from './changes.ts'
import { PROVIDER_SETTING_NAMES, parseSetting } from './settings.ts'

/**
 * A provider's name, or the second path segment it is reached by.
 * @throws BalanceError invalid_value
 */
export function parseProviderName(text: string): string {
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/.test(text)) {
    throw new BalanceError('invalid_value', `"${printable(text, 80)}" cannot name a provider.`, {
      hint: 'It takes 1 to 63 of a-z, 0-9, dot, dash and underscore, a letter or digit first.',
    })
  }
  if (RESERVED_SEGMENTS.has(text)) {
    throw new BalanceError('invalid_value', `"${text}" means something else in paths.`, {
      hint: `Choose another one, like ${text}-1.`,
    })
  }
  return text
}

/**
 * A provider's base URL: scheme, host, maybe a path; without a trailing slash.
 * @throws BalanceError invalid_value; the URL is not repeated where it holds a credential.
 */
export function parseBaseUrl(text: string): string {
  const given = text.trim()
  if (!/^https?:\/\//i.test(given)) {
    throw new BalanceError('invalid_value', 'A base URL begins with https:// or http://.', {
      hint: /^[\w.-]+(:\d+)?(\/|$)/.test(given) ? `Write ${withScheme(given)}` : EXAMPLE,
    })
  }
  const url = URL.canParse(given) ? new URL(given) : null
  if (!url || /[\s\\%]|\/\.{1,2}(\/|$)/.test(given)) {
    throw new BalanceError('invalid_value', 'This is not a base URL.', { hint: EXAMPLE })
  }
  if (url.username !== '' || url.password !== '') {
    throw new BalanceError('invalid_value', 'A base URL holds no credentials.', {
      hint: 'Keys are added with: balance keys add PROVIDER',
    })
  }
  if (url.search !== '' || url.hash !== '') {
    throw new BalanceError('invalid_value', 'A base URL has no query and no fragment.', {
      hint: EXAMPLE,
    })
  }
  return url.origin + url.pathname.replace(/(?<!\/)\/+$/, '')
}

function withScheme(given: string): string {
  return `${/^(localhost|127\.)/.test(given) ? 'http' : 'https'}://${given}`
}

const EXAMPLE = 'Write it as the vendor prints it, like https://api.openai.com/v1.'

/**
 * A setting of a provider's own, as an operator wrote it; empty or null: it is given back to its default.
 * @throws BalanceError no_such for what is no such setting, invalid_value
 */
export function parseOverride(
  given: string,
  value: string | null,
): NonNullable<ProviderChange['overrides']> {
  const name = PROVIDER_SETTING_NAMES.find(known => known === given)
  if (name) return { [name]: value === '' || value === null ? null : parseSetting(name, value) }
  const known = [...FIELDS, ...PROVIDER_SETTING_NAMES]
  const near = nearest(given, known)
  throw new BalanceError('no_such', `A provider has no setting "${given}".`, {
    hint: near ? `Did you mean ${near}?` : `It has ${known.join(', ')}.`,
  })
}

const FIELDS = ['base_url', 'path', 'kind']
