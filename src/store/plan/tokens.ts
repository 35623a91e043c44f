import { randomBytes } from 'node:crypto'
import { BalanceError } from '../../base/errors.ts'
import { Secret } from '../../base/secret.ts'
import type { Token } from '../../model/catalog.ts'
import type { Declared, DeclaredToken } from '../../model/declared.ts'
import { placed } from '../placed.ts'
import { type ReferenceSources, resolveReference } from '../reference.ts'
import {
  checkToken,
  deleteToken,
  hashedValue,
  insertToken,
  type KeptToken,
  updateToken,
} from '../tokens.ts'
import { declaredStep, type Fields, heldBy, removingStep, type Step } from './step.ts'

/**
 * Steps of tokens: of those that are declared, and of those that a file has let go of. A token is
 * known by its name, or where that was changed by its value.
 * @param prune whether those are to go
 */
export function tokenSteps(
  tokens: readonly Token[],
  declared: Declared,
  sources: ReferenceSources,
  prune: boolean,
): { readonly declared: Step[]; readonly letGo: Step[] } {
  const given = (declared.tokens ?? []).map(token => ({ token, kept: keptOf(token, sources) }))
  const names = new Set(given.map(({ token }) => token.name))
  const matched = new Set<string>()
  const pairs = given.map(({ token, kept }) => {
    const row =
      tokens.find(({ name }) => name === token.name) ??
      tokens.find(({ name, hash }) => !names.has(name) && 'hash' in kept && hash === kept.hash)
    if (row) matched.add(row.id)
    return { token, kept, row: row ?? null }
  })
  const kept = tokens.filter(({ id, origin }) => !matched.has(id) && !(prune && origin === 'file'))
  refuseHeldValues(kept, pairs)
  const steps = pairs.map(({ token, kept, row }) => declaredToken(token, kept, row))
  const letGo = tokens
    .filter(token => token.origin === 'file' && !matched.has(token.id))
    .map(token =>
      removingStep({
        kind: 'token',
        name: token.name,
        holder: token.origin,
        fields: fieldsOf(token),
        run: made => deleteToken(made, token),
      }),
    )
  return { declared: steps, letGo }
}

/** What a command holds is not always changed, so it is asked when its time has come. */
function refuseHeldValues(
  tokens: readonly Token[],
  pairs: readonly {
    readonly token: DeclaredToken
    readonly kept: KeptToken | { readonly reason: string }
    readonly row: Token | null
  }[],
): void {
  for (const { token, kept, row } of pairs) {
    if (row?.origin === 'command' || 'reason' in kept) continue
    const holder = tokens.find(({ hash }) => hash === kept.hash)
    if (holder) throw placed(heldBy('token', token.name, 'this value', holder), token.place)
  }
}

function declaredToken(
  given: DeclaredToken,
  kept: KeptToken | { readonly reason: string },
  row: Token | null,
): Step {
  const {
    value: _,
    providers = null,
    models = null,
    rpm = null,
    concurrency = null,
    ...rest
  } = given
  const wanted = {
    name: given.name,
    providers,
    models,
    rpm,
    concurrency,
    expiresAt: rest.expiresAt ?? null,
  }
  const unknown = 'reason' in kept
  // A reference that this process cannot follow says nothing of the value that is there.
  const value = unknown ? row : sameValue(kept, row) ? row : kept
  return declaredStep({
    kind: 'token',
    name: given.name,
    place: given.place,
    present: row ? { fields: fieldsOf(row), origin: row.origin } : null,
    after: fieldsOf({ ...wanted, hash: value?.hash ?? '' }),
    async vacate({ db }) {
      if (row === null || value === row) return
      const hash = randomBytes(32)
      await db.updateTable('tokens').set({ hash }).where('id', '=', row.id).execute()
    },
    async run(made) {
      if (row) {
        const change = value === row ? {} : (value as KeptToken)
        await updateToken(made, row, { ...wanted, ...change }, 'file')
      } else if (unknown) {
        throw new BalanceError('config_invalid', `Token "${given.name}": ${kept.reason}.`, {
          hint: 'Its value is needed where the token is new; or declare its hash.',
        })
      } else await insertToken(made, wanted, kept, 'file')
    },
    adopt: async ({ db }) => {
      await db
        .updateTable('tokens')
        .set({ origin: 'file' })
        .where('id', '=', row?.id ?? '')
        .execute()
    },
  })
}

function sameValue(kept: KeptToken, row: Token | null): boolean {
  return row !== null && kept.hash === row.hash
}

function keptOf(
  { name, value, place }: DeclaredToken,
  sources: ReferenceSources,
): KeptToken | { readonly reason: string } {
  if (!(value instanceof Secret)) return { hash: value.hash, weak: value.weak, masked: '…' }
  const reference = value.reveal()
  if (!/^(env|file):/.test(reference)) {
    throw new BalanceError('config_invalid', `Token "${name}" is written in the file.`, {
      hint: 'Declare its hash, or name a variable (env:NAME) or a file (file:/path).',
    })
  }
  const resolved = resolveReference(reference, sources)
  if ('reason' in resolved) return resolved
  try {
    checkToken(resolved.secret)
  } catch (error) {
    throw placed(error, place)
  }
  return hashedValue(resolved.secret)
}

type Granted = Pick<
  Token,
  'name' | 'providers' | 'models' | 'rpm' | 'concurrency' | 'expiresAt' | 'hash'
>

/** The hash is compared and never shown: by it a leaked token could be recognised. */
function fieldsOf({ name, providers, models, rpm, concurrency, expiresAt, hash }: Granted): Fields {
  return { name, token: new Value(hash), providers, models, rpm, concurrency, expires: expiresAt }
}

class Value {
  readonly hash: string

  constructor(hash: string) {
    this.hash = hash
  }

  toString(): string {
    return '…'
  }
}
