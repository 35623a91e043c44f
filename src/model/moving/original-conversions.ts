import { type ProviderSettings, parseSetting, SETTINGS, type Settings } from '../settings.ts'
import { formatDuration } from '../units.ts'
import { flagOf, numberOf, objectOf } from './original-values.ts'

/** What a converted value is here, and what to know about it. */
export interface Converted<T> {
  readonly value: T
  readonly remark?: string
}

/** Those that cannot be sent are left out one by one. */
export function headers(raw: unknown): Converted<Partial<ProviderSettings>> {
  const kept: Record<string, string> = {}
  const refused: string[] = []
  for (const [name, value] of Object.entries(objectOf(raw) ?? {})) {
    try {
      Object.assign(kept, parseSetting('headers', { [name]: value }))
    } catch {
      refused.push(name)
    }
  }
  if (refused.length === 0) return { value: { headers: kept } }
  return {
    value: { headers: kept },
    remark: `left out, the gateway sets it itself: ${refused.join(', ')}`,
  }
}

export function timeouts(raw: unknown): Converted<Partial<ProviderSettings>> {
  const given = numberOf(raw)
  const seconds = Math.min(Math.max(given, 1), 3_600)
  const ms = Math.round(seconds * 1_000)
  const longer = ms > SETTINGS.first_byte_timeout.fallback
  return {
    value: { timeout: ms, idle_timeout: ms, ...(longer && { first_byte_timeout: ms }) },
    ...bounded(given, seconds, formatDuration(ms)),
  }
}

export function counted(name: 'max_failures' | 'max_retries') {
  return (raw: unknown): Converted<Partial<ProviderSettings>> => {
    const given = numberOf(raw)
    const count = Math.min(Math.max(Math.trunc(given), 1), 100)
    return { value: { [name]: count }, ...bounded(given, count, String(count)) }
  }
}

function bounded(given: number, kept: number, shown: string): { readonly remark?: string } {
  return given === kept ? {} : { remark: `${given} is out of bounds here; ${shown} is the nearest` }
}

export function age(
  name: 'error_max_age' | 'log_max_age',
  raw: unknown,
  enabled: unknown,
): Converted<Partial<Settings>> {
  if (!flagOf(enabled))
    return { value: {}, remark: 'nothing is deleted there, so this is not in force' }
  return { value: { [name]: parseSetting(name, `${numberOf(raw)}d`) } }
}
