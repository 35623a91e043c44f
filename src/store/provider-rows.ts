import type { Kysely } from 'kysely'
import { BalanceError } from '../base/errors.ts'
import { nearest, printable } from '../base/text.ts'
import { PROVIDER_KINDS, type Provider, RESERVED_SEGMENTS } from '../model/catalog.ts'
import { VEILED_SETTINGS } from '../model/settings.ts'
import { readJson } from './json.ts'
import type { ProviderRow, Tables } from './tables.ts'

export function listProviders(db: Kysely<Tables>): Promise<ProviderRow[]> {
  return db.selectFrom('providers').selectAll().orderBy('seq').execute()
}

/** @throws BalanceError no_such, naming the nearest there is */
export async function findProvider(db: Kysely<Tables>, name: string): Promise<ProviderRow> {
  const rows = await listProviders(db)
  // Compared here: to MySQL the number 0 equals every text that begins with no digit.
  const found = rows.find(row => row.name === name)
  if (found) return found
  const near = nearest(
    String(name),
    rows.map(row => row.name),
  )
  throw new BalanceError('no_such', `There is no provider "${printable(String(name), 80)}".`, {
    hint: near ? `Did you mean ${near}?` : 'See balance providers list.',
  })
}

export function providerOf(row: ProviderRow): Provider {
  return {
    id: row.id,
    name: row.name,
    path: row.path,
    kind: row.kind,
    baseUrl: row.base_url,
    enabled: row.enabled === 1,
    generation: row.generation,
    overrides: readJson(row.overrides, `Provider ${row.name}`),
    origin: row.origin,
    createdAt: row.created_at,
  }
}

/** For the audit. Headers and parameters may carry a secret, so only their names are told. */
export function describeProvider(row: ProviderRow): unknown {
  const { id, name, path, kind, baseUrl, enabled, overrides } = providerOf(row)
  const told = Object.fromEntries(
    Object.entries(overrides).map(([setting, value]) => [
      setting,
      VEILED_SETTINGS.has(setting) ? Object.keys(value) : value,
    ]),
  )
  return { id, name, path, kind, baseUrl, enabled, overrides: told }
}

/**
 * A name or path segment that a provider may be reached by.
 * @throws BalanceError invalid_value
 */
export function checkSegment(what: 'name' | 'path', segment: string): void {
  if (RESERVED_SEGMENTS.has(segment)) {
    throw new BalanceError('invalid_value', `"${segment}" cannot be a provider's ${what}.`, {
      hint: 'Paths that begin so mean something else.',
    })
  }
  if (/^[a-z0-9][a-z0-9._-]{0,62}$/.test(segment)) return
  const lower = segment.toLowerCase()
  throw new BalanceError(
    'invalid_value',
    `"${printable(segment, 80)}" cannot be a provider's ${what}.`,
    {
      hint: /^[a-z0-9][a-z0-9._-]{0,62}$/.test(lower)
        ? `Write it in lower case: ${lower}.`
        : 'It takes up to 63 of a-z, 0-9, dot, dash and underscore, a letter or digit first.',
    },
  )
}

export function checkKind(kind: string): void {
  if ((PROVIDER_KINDS as readonly string[]).includes(kind)) return
  throw new BalanceError('invalid_value', `"${printable(kind, 80)}" is no kind of provider.`, {
    hint: `The kinds are ${PROVIDER_KINDS.join(', ')}.`,
  })
}

/** Names and paths are one space: each segment leads to one provider. */
export function checkFree(
  rows: readonly ProviderRow[],
  segment: string | null,
  self?: string,
): void {
  if (segment === null) return
  const owner = rows.find(row => row.id !== self && (row.name === segment || row.path === segment))
  if (!owner) return
  throw new BalanceError('name_taken', `"${segment}" already leads to provider ${owner.name}.`, {
    hint: `See balance providers show ${owner.name}.`,
  })
}
