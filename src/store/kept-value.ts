import { createHash } from 'node:crypto'
import { BalanceError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import { originOf } from './base-url.ts'
import { keyValueFault } from './key-value.ts'
import { parseReference } from './reference.ts'
import type { Binding, Seal } from './seal.ts'

/** What a key's value becomes in its row: a reference as it is, or a clear value sealed. */
export interface KeptValue {
  readonly masked: string
  readonly reference: string | null
  readonly sealed: Buffer | null
  readonly fingerprint: Buffer
}

/** The provider a key belongs to, as far as its seal is bound to it. */
export interface KeyOwner {
  readonly name: string
  readonly base_url: string
}

/**
 * Checks a value and makes it fit to be kept; asks for the seal only if the value is clear.
 * @param which begins the sentence that says what is wrong; the value itself is never repeated
 * @throws BalanceError invalid_value, or what getting the seal throws
 */
export async function keepValue(
  value: Secret,
  binding: Binding,
  which: string,
  seal: () => Promise<Seal>,
): Promise<KeptValue> {
  const fault = keyValueFault(value)
  if (fault) {
    throw new BalanceError('invalid_value', `${which} ${fault}.`, {
      hint: 'Give each key as the vendor shows it, and nothing else.',
    })
  }
  const reference = parseReference(value.reveal())
  if (reference === null) return sealed(value, binding, await seal())
  const fingerprint = createHash('sha256').update(`reference ${reference}`).digest()
  return { masked: reference, reference, sealed: null, fingerprint }
}

export function bindingOf(keyId: string, owner: KeyOwner): Binding {
  return binderOf(owner)(keyId)
}

/** {@link bindingOf} for many keys of one provider. */
export function binderOf({ name, base_url }: KeyOwner): (keyId: string) => Binding {
  const origin = originOf(base_url)
  return id => ({ table: 'provider_keys', id, provider: name, origin })
}

function sealed(value: Secret, binding: Binding, seal: Seal): KeptValue {
  return {
    masked: value.masked,
    reference: null,
    sealed: seal.seal(value, binding),
    fingerprint: seal.fingerprint(value),
  }
}
