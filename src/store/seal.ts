import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { Secret } from '../base/secret.ts'

const VERSION = 1
const NONCE = 12
const TAG = 16
const HEAD = 1 + NONCE + TAG

/** What a sealed secret belongs to. Moved to another row, provider or origin it does not open. */
export interface Binding {
  readonly table: string
  readonly id: string
  readonly provider: string
  /** Scheme, host and port the secret may be sent to. */
  readonly origin: string
}

/**
 * Seals and opens secrets with the store's data key: AES-256-GCM (NIST SP 800-38D), a random
 * 96-bit nonce and a full 128-bit tag. A sealed value is version | nonce | tag | ciphertext.
 */
export class Seal {
  readonly #key: Buffer
  readonly #fingerprintKey: Buffer

  /** @param dataKey 32 bytes */
  constructor(dataKey: Buffer) {
    this.#key = dataKey
    this.#fingerprintKey = Buffer.from(
      hkdfSync('sha256', dataKey, '', 'balance/v1/fingerprint', 32),
    )
  }

  seal(secret: Secret, binding: Binding): Buffer {
    return encrypt(this.#key, Buffer.from(secret.reveal()), associated(binding))
  }

  /** Null when it was sealed with another key or for another row, or was changed since. */
  open(sealed: Buffer, binding: Binding): Secret | null {
    const clear = decrypt(this.#key, sealed, associated(binding))
    return clear === null ? null : new Secret(clear.toString())
  }

  /**
   * Equal for equal secrets, and worth nothing without the data key:
   * a plain hash could be searched for a guessed or a leaked key.
   */
  fingerprint(secret: Secret): Buffer {
    return createHmac('sha256', this.#fingerprintKey).update(secret.reveal()).digest()
  }
}

/** A new data key, wrapped by the master key. */
export function newDataKey(masterKey: Buffer): {
  readonly dataKey: Buffer
  readonly wrapped: Buffer
} {
  const dataKey = randomBytes(32)
  return { dataKey, wrapped: encrypt(masterKey, dataKey, DATA_KEY) }
}

/** Null when another master key wrapped it, or it was changed since. */
export function unwrapDataKey(masterKey: Buffer, wrapped: Buffer): Buffer | null {
  return decrypt(masterKey, wrapped, DATA_KEY)
}

/** Tells one master key from another without telling anything about either. */
export function checkValue(masterKey: Buffer): Buffer {
  return createHmac('sha256', masterKey).update('balance/v1/check').digest()
}

const DATA_KEY = Buffer.from('balance/v1/data-key')

/** A list, so that no two different bindings can run together into the same bytes. */
function associated({ table, id, provider, origin }: Binding): Buffer {
  return Buffer.from(JSON.stringify([VERSION, table, id, provider, origin]))
}

function encrypt(key: Buffer, clear: Buffer, aad: Buffer): Buffer {
  const nonce = randomBytes(NONCE)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG })
  cipher.setAAD(aad)
  const body = Buffer.concat([cipher.update(clear), cipher.final()])
  return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), body])
}

function decrypt(key: Buffer, sealed: Buffer, aad: Buffer): Buffer | null {
  if (sealed.length < HEAD || sealed[0] !== VERSION) return null
  const nonce = sealed.subarray(1, 1 + NONCE)
  // Without authTagLength Node takes a tag of four bytes for a good one.
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG })
  decipher.setAAD(aad)
  decipher.setAuthTag(sealed.subarray(1 + NONCE, HEAD))
  try {
    const clear = decipher.update(sealed.subarray(HEAD))
    // Of this mode it gives nothing more, and throws where the tag is not the one.
    decipher.final()
    return clear
  } catch {
    return null
  }
}
