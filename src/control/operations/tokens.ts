import * as z from 'zod'
import { limit, moment, text } from '../fields.ts'
import { change, read } from '../operation.ts'
import type { TokenShape } from '../shapes/token.ts'

const GRANT = {
  providers: z.nullable(z.array(text).max(1_000)).exactOptional(),
  models: z.nullable(z.array(text).max(1_000)).exactOptional(),
  rpm: limit.exactOptional(),
  concurrency: limit.exactOptional(),
  /** How long from now (`30d`), or an ISO 8601 time; null: never. */
  expires: z.nullable(moment).exactOptional(),
}

/** A token is named by its id or its name. */
export const TOKENS = {
  'tokens.list': read<readonly TokenShape[]>()(z.strictObject({})),
  /** `token` is its clear value, which is shown this once. */
  'tokens.create': change<TokenShape & { readonly token: string }>()({ name: text, ...GRANT }),
  'tokens.change': change<TokenShape>()({ token: text, name: text.exactOptional(), ...GRANT }),
  'tokens.revoke': change<{ readonly revoked: string; readonly name: string }>()({ token: text }),
}
