import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Kysely } from 'kysely'
import { BalanceError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import { nearest, printable } from '../base/text.ts'
import type { Token } from '../model/catalog.ts'
import type { NewToken, Store, TokenChange } from '../model/store.ts'
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
        const token = await insertToken(made, given, secret)
        return { token, secret }
      }),

    changeToken: (idOrName, given) =>
      change(async made => {
        const tokens = await readTokens(made.db)
        return updateToken(made, tokens, oneToken(tokens, idOrName), given)
      }),

    revokeToken: idOrName =>
      change(async ({ db, note }) => {
        const token = oneToken(await readTokens(db), idOrName)
        await db.deleteFrom('tokens').where('id', '=', token.id).execute()
        note('token.revoke', token.name, describe(token), null)
        return token
      }),
  }
}

/** In the order of their creation. */
export async function readTokens(db: Kysely<Tables>): Promise<Token[]> {
  const rows = await db.selectFrom('tokens').selectAll().orderBy('seq').execute()
  return rows.map(tokenOf)
}

/** @throws BalanceError invalid_value, name_taken */
export async function insertToken(change: Change, given: NewToken, secret: Secret): Promise<Token> {
  const { db, time, note } = change
  await checkChange(change, given)
  checkToken(secret)
  const hash = createHash('sha256').update(secret.reveal()).digest()
  refuseTwins(await readTokens(db), given.name, hash)
  const row = {
    id: newId('t'),
    name: given.name,
    hash,
    masked: secret.masked,
    weak: Number(secret.reveal().length < STRONG_TOKEN),
    providers: listOrNull(given.providers),
    models: listOrNull(given.models),
    rpm: given.rpm ?? null,
    concurrency: given.concurrency ?? null,
    expires_at: given.expiresAt ?? null,
    created_at: time,
  }
  await db.insertInto('tokens').values(row).execute()
  const token = tokenOf(row)
  note('token.create', token.name, null, describe(token))
  return token
}

/** The hash, and with it the token itself, stays. */
async function updateToken(
  change: Change,
  tokens: readonly Token[],
  before: Token,
  given: TokenChange,
): Promise<Token> {
  await checkChange(change, given)
  const after = { ...before, ...given }
  if (isDeepStrictEqual(before, after)) return before
  const others = tokens.filter(({ id }) => id !== before.id)
  refuseTwins(others, after.name, Buffer.from(after.hash, 'hex'))
  await change.db
    .updateTable('tokens')
    .set({
      name: after.name,
      providers: listOrNull(after.providers),
      models: listOrNull(after.models),
      rpm: after.rpm,
      concurrency: after.concurrency,
      expires_at: after.expiresAt,
    })
    .where('id', '=', before.id)
    .execute()
  change.note('token.change', before.name, describe(before), describe(after))
  return after
}

async function checkChange({ db, time }: Change, given: TokenChange): Promise<void> {
  if (given.name !== undefined) checkLabel('token name', given.name)
  checkLimits(given)
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
    createdAt: row.created_at,
  }
}

function checkToken(secret: Secret): void {
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
function refuseTwins(tokens: readonly Token[], name: string, hash: Buffer): void {
  const twin = tokens.find(token => token.name === name || token.hash === hash.toString('hex'))
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
