import type { OriginalSource } from './original.ts'
import { GEMINI_SETTINGS, originalSetting } from './original-settings.ts'
import { isEmpty, isReadable } from './original-values.ts'

/** A value of the original, and where it stood. */
export interface Given {
  readonly name: string
  readonly raw: unknown
  readonly from: 'database' | '.env' | 'default'
}

const GEMINI_URL = 'https://generativelanguage.googleapis.com/v1beta'
const OPENAI_URL = 'https://api.openai.com/v1'

/**
 * The original's configuration as it was in force: what its database says, unless that is empty or
 * no such value, over its environment; where its database is, its environment alone says.
 */
export class OriginalConfig {
  readonly #rows: ReadonlyMap<string, string | null>
  readonly #env: ReadonlyMap<string, string>

  constructor({ rows, env }: OriginalSource) {
    this.#rows = rows ?? new Map()
    this.#env = new Map(Object.entries(env).map(([name, value]) => [name.toUpperCase(), value]))
  }

  get(name: string): Given {
    const { type, fallback } = originalSetting(name)
    const sources = [
      { from: 'database', raw: name === 'DATABASE_TYPE' ? null : this.#rows.get(name) },
      { from: '.env', raw: this.#env.get(name) },
    ] as const
    for (const { from, raw } of sources) {
      if (!isEmpty(raw) && isReadable(raw, type)) return { name, raw, from }
    }
    // What cannot be read is told of, where nothing else takes its place.
    const unread = sources.find(({ raw }) => !isEmpty(raw))
    if (unread) return { name, raw: unread.raw, from: unread.from }
    return { name, raw: name === 'BASE_URL' ? this.#defaultUrl : fallback, from: 'default' }
  }

  /** What is set and goes into neither a provider nor a token nor a setting. */
  get others(): Given[] {
    const names = new Set([...this.#rows.keys(), ...this.#env.keys()])
    return [...names]
      .filter(name => ['nothing', 'source'].includes(originalSetting(name).into.to))
      .sort()
      .map(name => this.get(name))
  }

  /** gemini-balance has the same tables, and another vendor's address by default. */
  get #defaultUrl(): string {
    const names = [...this.#rows.keys(), ...this.#env.keys()]
    return names.some(name => GEMINI_SETTINGS.test(name)) && !names.includes('PROVIDERS_CONFIG')
      ? GEMINI_URL
      : OPENAI_URL
  }
}
