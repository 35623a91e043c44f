import { printable } from '../../base/text.ts'
import type { Given } from './original-config.ts'
import { PROVIDER_FIELDS } from './original-settings.ts'
import { isEmpty, textOf } from './original-values.ts'

/** One item of PROVIDERS_CONFIG. */
export class Item {
  readonly #fields: Readonly<Record<string, unknown>> | null
  readonly #place: string
  readonly #from: Given['from']

  constructor(item: unknown, index: number, from: Given['from']) {
    const isObject = typeof item === 'object' && item !== null && !Array.isArray(item)
    this.#fields = isObject ? (item as Record<string, unknown>) : null
    this.#place = `PROVIDERS_CONFIG ${printable(this.name || `item ${index + 1}`, 64)}`
    this.#from = from
  }

  get name(): string {
    return textOf(this.#fields?.name)
  }

  /** Why the original, too, passes over it. */
  get fault(): string | null {
    if (!this.#fields) return 'it is no object'
    const missing = ['name', 'base_url'].filter(field => isEmpty(this.#fields?.[field]))
    return missing.length > 0 ? `it has no ${missing.join(' and no ')}` : null
  }

  /** Names of fields that the original does not know. */
  get strange(): string[] {
    return Object.keys(this.#fields ?? {}).filter(name => !Object.hasOwn(PROVIDER_FIELDS, name))
  }

  given(field: string | null): Given {
    const name = field === null ? this.#place : `${this.#place}.${field}`
    return { name, raw: field === null ? null : this.#fields?.[field], from: this.#from }
  }
}
