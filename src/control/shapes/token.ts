import type { Token } from '../../model/catalog.ts'

/**
 * A client token as `tokens list` and `tokens show` print it with `--json`; the token itself is
 * printed once, by `tokens create`. Lists are null where nothing is ruled out.
 */
export function tokenShape(token: Token, wall: number) {
  return {
    id: token.id,
    name: token.name,
    masked: token.masked,
    state: token.expiresAt !== null && token.expiresAt <= wall ? 'expired' : 'active',
    providers: token.providers,
    models: token.models,
    rpm: token.rpm,
    concurrency: token.concurrency,
    expires: token.expiresAt === null ? null : new Date(token.expiresAt).toISOString(),
    weak: token.weak,
    origin: token.origin,
    created: new Date(token.createdAt).toISOString(),
  }
}

export type TokenShape = ReturnType<typeof tokenShape>
