/** How values of OpenAI Balance are written: as text in `.env` and in `t_settings`, as JSON inside PROVIDERS_CONFIG. */
export type ValueType = 'text' | 'list' | 'headers' | 'flag' | 'number' | 'providers'

/** Whether this says nothing, so that the next source is asked. */
export function isEmpty(raw: unknown): boolean {
  if (raw === null || raw === undefined) return true
  if (typeof raw === 'string') return /^(None|null|\[\s*\]|\{\s*\})?$/.test(raw.trim())
  if (typeof raw === 'object') return Object.keys(raw).length === 0
  return false
}

/** Whether it can be read as what its setting takes; the original passes over what cannot. */
export function isReadable(raw: unknown, type: ValueType): boolean {
  if (type === 'number') return Number.isFinite(numberOf(raw))
  if (type === 'headers') return objectOf(raw) !== null
  if (type === 'providers') return Array.isArray(parsed(raw))
  return true
}

export function textOf(raw: unknown): string {
  return isEmpty(raw) ? '' : String(raw).trim()
}

/** A JSON array, one with single quotes, or parts with commas or line ends between them; repetitions left out. */
export function listOf(raw: unknown): string[] {
  if (isEmpty(raw)) return []
  const value = parsed(raw)
  const parts = Array.isArray(value)
    ? value.map(part => (typeof part === 'object' ? JSON.stringify(part) : String(part)))
    : String(raw)
        .replace(/^\s*\[|\]\s*$/g, '')
        .split(/[,\n]/)
        .map(part => part.trim().replace(/^(['"])(.*)\1$/, '$2'))
  return [...new Set(parts.map(part => part.trim()).filter(part => part !== ''))]
}

/** Values that are no text are written as JSON writes them; null where it is no object. */
export function objectOf(raw: unknown): Record<string, string> | null {
  const value = parsed(raw)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const entries = Object.entries(value)
  return Object.fromEntries(
    entries.map(([name, part]) => [name, typeof part === 'string' ? part : JSON.stringify(part)]),
  )
}

/** NaN where it is none. */
export function numberOf(raw: unknown): number {
  return textOf(raw) === '' || typeof raw === 'boolean' ? Number.NaN : Number(textOf(raw))
}

export function flagOf(raw: unknown): boolean {
  return /^(true|1|yes|on)$/i.test(textOf(raw))
}

/** The items of PROVIDERS_CONFIG. */
export function itemsOf(raw: unknown): unknown[] {
  const value = parsed(raw)
  return Array.isArray(value) ? value : []
}

/** What JSON text says, also where it was written as a JSON text once more; else the text itself. */
function parsed(raw: unknown): unknown {
  if (typeof raw !== 'string') return raw
  try {
    const value: unknown = JSON.parse(raw)
    return typeof value === 'string' ? parsed(value) : value
  } catch {
    return raw
  }
}

/** Whether the value is what the original takes where nothing is said. */
export function isDefault(raw: unknown, type: ValueType, fallback: unknown): boolean {
  if (isEmpty(raw)) return isEmpty(fallback)
  if (type === 'flag') return flagOf(raw) === flagOf(fallback)
  if (type === 'number') return numberOf(raw) === numberOf(fallback)
  return textOf(raw) === textOf(fallback)
}
