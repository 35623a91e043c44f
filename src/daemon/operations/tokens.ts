import type { Operator } from '../../control/api.ts'
import type { TOKENS } from '../../control/operations/tokens.ts'
import { tokenShape } from '../../control/shapes/token.ts'
import type { TokenChange } from '../../model/changes.ts'
import { parseFuture } from '../../model/moment.ts'
import { make } from './changes.ts'
import type { OperationParts } from './parts.ts'

export function tokenOperations(parts: OperationParts): Pick<Operator, keyof typeof TOKENS> {
  const { store, clock } = parts
  return {
    async 'tokens.list'() {
      const wall = clock.wall()
      return (await store.tokens()).map(token => tokenShape(token, wall))
    },

    'tokens.create': async (input, caller) => {
      const { name, revision: _, ...grant } = input
      const wanted = { name, ...grantOf(grant, clock.wall()) }
      return make(
        parts,
        'tokens.create',
        input,
        caller,
        as => as.createToken(wanted),
        ({ token, secret }) => ({ ...tokenShape(token, clock.wall()), token: secret.reveal() }),
      )
    },

    'tokens.change': async (input, caller) => {
      const { token, name, revision: _, ...grant } = input
      const renamed = name === undefined ? {} : { name }
      const change = { ...renamed, ...grantOf(grant, clock.wall()) }
      return make(
        parts,
        'tokens.change',
        input,
        caller,
        as => as.changeToken(token, change),
        changed => tokenShape(changed, clock.wall()),
      )
    },

    'tokens.revoke': (input, caller) =>
      make(
        parts,
        'tokens.revoke',
        input,
        caller,
        as => as.revokeToken(input.token),
        ({ id, name }) => ({ revoked: id, name }),
      ),
  }
}

type Grant = Omit<TokenChange, 'name' | 'expiresAt'> & { readonly expires?: string | null }

/** What a token may do, as the store takes it. */
function grantOf({ expires, ...others }: Grant, wall: number): Omit<TokenChange, 'name'> {
  if (expires === undefined) return others
  return { ...others, expiresAt: expires === null ? null : parseFuture(expires, wall) }
}
