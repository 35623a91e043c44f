import { Secret } from '../../base/secret.ts'
import type { ImportLine, WantedKey } from './belongings.ts'
import { keyFault } from './known-secrets.ts'
import type { Given } from './original-config.ts'
import { isEmpty, listOf, textOf } from './original-values.ts'

/** The last tier: a key in it has its turn when all others are used up. */
const LAST_TIER = 100

/** What a provider is given: its keys, and the one that asks for the list of models. */
export interface GivenKeys {
  readonly keys: readonly WantedKey[]
  readonly modelsKey: Secret | null
}

/** The keys in a list of the original; what cannot be one is told of, and left out. */
export function readKeys(
  list: Given,
  models: Given,
  provider: string,
  lines: ImportLine[],
): GivenKeys {
  const values = usable(list, listOf(list.raw), lines)
  if (values.length > 0) {
    const becomes = `${provider}: ${maskedList(values)}`
    lines.push({ ...placed(list), becomes, outcome: 'imported', remark: '' })
  }
  const keys = values.map(value => ({ value: new Secret(value) }))
  const [asking] = isEmpty(models.raw) ? [] : usable(models, [textOf(models.raw)], lines)
  if (asking === undefined) return { keys, modelsKey: null }
  const modelsKey = new Secret(asking)
  const known = values.includes(asking)
  lines.push({
    ...placed(models),
    becomes: `${provider}: models_key ${maskedList([asking])}`,
    outcome: 'imported',
    remark: known ? '' : `added in tier ${LAST_TIER}, so that other requests use it last`,
  })
  if (known) return { keys, modelsKey }
  return { keys: [...keys, { value: modelsKey, tier: LAST_TIER }], modelsKey }
}

/** `3 keys: sk-…f3a9, sk-…a0c1, …`. */
export function maskedList(values: readonly string[], what = 'key'): string {
  const shown = values.slice(0, SHOWN).map(value => new Secret(value).masked)
  const count = `${values.length} ${what}${values.length === 1 ? '' : 's'}`
  return `${count}: ${shown.join(', ')}${values.length > SHOWN ? ', …' : ''}`
}

const SHOWN = 3

export function placed({ name, from }: Given): { readonly setting: string; readonly from: string } {
  return { setting: name, from }
}

/** One line for each reason why some cannot be used. */
function usable(given: Given, values: readonly string[], lines: ImportLine[]): string[] {
  const counts = new Map<string, number>()
  const good = values.filter(value => {
    const fault = keyFault(value)
    if (fault !== null) counts.set(fault, (counts.get(fault) ?? 0) + 1)
    return fault === null
  })
  for (const [fault, count] of counts) {
    const remark = `${count} key${count === 1 ? '' : 's'}: ${fault}`
    lines.push({ ...placed(given), becomes: null, outcome: 'not carried over', remark })
  }
  return good
}
