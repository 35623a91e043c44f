import { randomBytes } from 'node:crypto'
import { Secret } from '../base/secret.ts'

/** RFC 4648 §6, in lower case. */
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'

/** An opaque id, safe to show: the letter of its kind, `_`, and 50 random bits as ten characters. */
export function newId(kind: 'k' | 'p' | 'r' | 's' | 't' | 'x'): string {
  let id = `${kind}_`
  for (const byte of randomBytes(10)) id += BASE32[byte & 31]
  return id
}

/** A client token of 256 random bits: `bal_` and 43 characters of base64url. */
export function newToken(): Secret {
  return new Secret(`bal_${randomBytes(32).toString('base64url')}`)
}
