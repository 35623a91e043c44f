import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Kysely } from 'kysely'
import { BalanceError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import { nearest, printable } from '../base/text.ts'
import type { Origin, Token } from '../model/catalog.ts'
import type { NewToken, TokenChange } from '../model/changes.ts'
import type { Store } from '../model/store.ts'
import { STRONG_TOKEN } from '../model/token-strength.ts'
import type { Change } from './change.ts'
import { newId, newToken } from './identifiers.ts'
import { readJson } from './json.ts'
import { checkLabel, checkLimits } from './key-value.ts'
import type { StoreParts } from './parts.ts'
import { findProvider } from './provider-rows.ts'
import type { Tables, TokenRow } from './tables.ts'

type TokenVerbs = Pick<Store, 'tokens' | 'createToken' | 'changeToken' | 'revokeToken'>

export function tokenVerbs({ engine, change }: StoreParts): TokenVerbs {
  return {
    tokens: () => engine.query(readTokens),

    createToken: given =>
      change(async made => {
        const secret = given.value ?? newToken()
        return { token: await createToken(made, given, secret), secret }
      }),

    changeToken: (idOrName, given) =>
      change(async made => {
        await checkGrant(made, given)
        const before = oneToken(await readTokens(made.db), idOrName)
        return updateToken(made, before, given, 'command')
      }),

    revokeToken: idOrName =>
      change(async made => {
        const token = oneToken(await readTokens(made.db), idOrName)
        await deleteToken(made, token)
        return token
      }),
  }
}

/** In the order of their creation. */
export async function readTokens(db: Kysely<Tables>): Promise<Token[]> {
  const rows = await db.selectFrom('tokens').selectAll().orderBy('seq').execute()
  return rows.map(tokenOf)
}

/** What is kept of a token's value. */
export type KeptToken = Pick<Token, 'hash' | 'masked' | 'weak'>

export function hashedValue(secret: Secret): KeptToken {
  return {
    hash: createHash('sha256').update(secret.reveal()).digest('hex'),
    masked: secret.masked,
    weak: secret.reveal().length < STRONG_TOKEN,
  }
}

/**
 * Adds a token as a command does.
 * @throws BalanceError invalid_value, name_taken, no_such
 */
export async function createToken(made: Change, given: NewToken, secret: Secret): Promise<Token> {
  await checkGrant(made, given)
  checkToken(secret)
  return insertToken(made, given, hashedValue(secret), 'command')
}

/** @throws BalanceError invalid_value, name_taken */
export async function insertToken(
  { db, time, note }: Change,
  given: Omit<NewToken, 'value'>,
  kept: KeptToken,
  origin: Origin,
): Promise<Token> {
  checkLabel('token name', given.name)
  checkLimits(given)
  refuseTwins(await readTokens(db), given.name, kept.hash)
  const row = {
    id: newId('t'),
    name: given.name,
    hash: Buffer.from(kept.hash, 'hex'),
    masked: kept.masked,
    weak: Number(kept.weak),
    providers: listOrNull(given.providers),
    models: listOrNull(given.models),
    rpm: given.rpm ?? null,
    concurrency: given.concurrency ?? null,
    expires_at: given.expiresAt ?? null,
    origin,
    created_at: time,
  }
  await db.insertInto('tokens').values(row).execute()
  const token = tokenOf(row)
  note('token.create', token.name, null, describe(token))
  return token
}

/** Changes a token's row, which belongs to `origin` from then on. */
export async function updateToken(
  { db, note }: Change,
  before: Token,
  given: TokenChange & Partial<KeptToken>,
  origin: Origin,
): Promise<Token> {
  if (given.name !== undefined) checkLabel('token name', given.name)
  checkLimits(given)
  if (isDeepStrictEqual(before, { ...before, ...given })) return before
  const after: Token = { ...before, ...given, origin }
  const others = (await readTokens(db)).filter(({ id }) => id !== before.id)
  refuseTwins(others, after.name, after.hash)
  await db
    .updateTable('tokens')
    .set({
      name: after.name,
      hash: Buffer.from(after.hash, 'hex'),
      masked: after.masked,
      weak: Number(after.weak),
      providers: listOrNull(after.providers),
      models: listOrNull(after.models),
      rpm: after.rpm,
      concurrency: after.concurrency,
      expires_at: after.expiresAt,
      origin,
    })
    .where('id', '=', before.id)
    .execute()
  note('token.change', before.name, describe(before), describe(after))
  return after
}

export async function deleteToken({ db, note }: Change, token: Token): Promise<void> {
  await db.deleteFrom('tokens').where('id', '=', token.id).execute()
  note('token.revoke', token.name, describe(token), null)
}

/** A command names what is there, and a time to come; a file may be older than both. */
async function checkGrant({ db, time }: Change, given: TokenChange): Promise<void> {
  checkExpiry(given.expiresAt ?? null, time)
  for (const provider of given.providers ?? []) await findProvider(db, provider)
}

function tokenOf(row: TokenRow): Token {
  return {
    id: row.id,
    name: row.name,
    hash: row.hash.toString('hex'),
    masked: row.masked,
    weak: row.weak === 1,
    providers: row.providers === null ? null : readJson(row.providers, `Token ${row.name}`),
    models: row.models === null ? null : readJson(row.models, `Token ${row.name}`),
    rpm: row.rpm,
    concurrency: row.concurrency,
    expiresAt: row.expires_at,
    origin: row.origin,
    createdAt: row.created_at,
  }
}

/** @throws BalanceError invalid_value */
export function checkToken(secret: Secret): void {
  const value = secret.reveal()
  if (/^[\x21-\x7e]{1,256}$/.test(value)) return
  const what = /\s/.test(value) ? 'holds white space' : 'is not 1 to 256 visible ASCII characters'
  throw new BalanceError('invalid_value', `The token ${what}.`, {
    hint: 'Leave it out to have a strong one made.',
  })
}

function checkExpiry(expiresAt: number | null, now: number): void {
  if (expiresAt === null || (Number.isSafeInteger(expiresAt) && expiresAt > now)) return
  throw new BalanceError('invalid_value', 'expires: the time is past, or is no time.')
}

/** The names and hashes are compared here: MySQL has its own ideas of equality. */
function refuseTwins(tokens: readonly Token[], name: string, hash: string): void {
  const twin = tokens.find(token => token.name === name || token.hash === hash)
  if (!twin) return
  const what = twin.name === name ? 'is there already' : 'has this value'
  throw new BalanceError('name_taken', `Token "${twin.name}" ${what}.`, {
    hint: 'See balance tokens list.',
  })
}

function oneToken(tokens: readonly Token[], idOrName: string): Token {
  const found =
    tokens.find(({ id }) => id === idOrName) ?? tokens.find(({ name }) => name === idOrName)
  if (found) return found
  const near = nearest(
    String(idOrName),
    tokens.map(({ name }) => name),
  )
  throw new BalanceError('no_such', `There is no token "${printable(String(idOrName), 80)}".`, {
    hint: near ? `Did you mean ${near}?` : 'See balance tokens list.',
  })
}

/** For the audit; without the hash, by which a leaked token could be recognised. */
function describe({ hash: _, ...token }: Token): unknown {
  return token
}

function listOrNull(list: readonly string[] | null | undefined): string | null {
  return list ? JSON.stringify(list) : null
}
