import { BalanceError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import type { NewKey } from '../model/changes.ts'
import { secretLines } from '../model/secret-lines.ts'
import { checkLabel, keyValueFault } from '../store/key-value.ts'
import { isReference } from '../store/reference.ts'
import type { PastedKeys } from './operations/keys.ts'

interface Pasted {
  readonly keys: readonly NewKey[]
  readonly rejected: PastedKeys['rejected']
}

/**
 * Keys written one a line, each with a label behind it where it has one.
 * @param references whether a value may be one
 * @throws BalanceError usage where there is none at all
 */
export function parsePastedKeys(text: string, references: boolean): Pasted {
  const keys: NewKey[] = []
  const rejected: { line: number; reason: string }[] = []
  for (const { line, value } of secretLines(text, 'what was pasted')) {
    const [, secret = '', label] = /^(\S+)(?:\s+(\S.*))?$/.exec(value) ?? []
    const reason = faultOf(secret, label, references)
    if (reason !== null) rejected.push({ line, reason })
    else {
      const named = label === undefined ? {} : { label }
      keys.push({ value: new Secret(secret), ...named, place: `line ${line}` })
    }
  }
  return { keys, rejected }
}

/** The end of a sentence; never with what is written there. */
function faultOf(value: string, label: string | undefined, references: boolean): string | null {
  if (isReference(value)) return references ? null : 'is a reference, which only the host may give'
  const fault = keyValueFault(new Secret(value))
  if (fault !== null) return fault
  try {
    if (label !== undefined) checkLabel('label', label)
    return null
  } catch (error) {
    if (error instanceof BalanceError) return 'has a label that cannot be one'
    throw error
  }
}
